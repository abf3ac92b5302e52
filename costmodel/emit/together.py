"""What each node of a stream does with all frames of a chunk: its actions of as many steps, together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from costmodel.emit.modules.frames import each_frame
from costmodel.emit.program import Action, Program
from costmodel.graph import Graph


@dataclass(frozen=True)
class Together:
    """What one node does in a chunk.

    Args:
        action: of its first frame; what stands in it beside the phase holds for all.
        offset: the step of the chunk at which that frame comes.
        phases: of each of its frames in turn.
        hands_on: for a delay, the place of the first frame that it hands on, those kept and the new in a row.
        drops: places of values that nobody reads any more.
    """

    action: Action
    offset: int
    phases: tuple[int, ...]
    hands_on: int = 0
    drops: tuple[int, ...] = ()
    node: str = field(init=False)
    reads: tuple[int, ...] = field(init=False)
    kept: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("node", "reads", "kept"):
            object.__setattr__(self, name, getattr(self.action, name))

    def seen(self, age: Tensor) -> Tensor:
        """How many frames (batch,) the layer has seen ahead of the chunk; below zero ahead of its first."""
        return torch.div(age + self.offset - self.action.since, self.action.jump, rounding_mode="floor")


def together(graph: Graph, program: Program, chunk: int) -> tuple[Together, ...]:
    """What runs in a chunk of so many frames, whole cycles, one entry for each node in order."""
    steps = [(step, each) for step in range(chunk) for each in program.actions[step % program.cycle]]
    by_node: dict[str, list[tuple[int, Action]]] = {node.name: [] for node in graph.nodes}
    for step, action in steps:
        by_node[action.node].append((step, action))
    reads = {
        name: next(each.reads for _, each in found if not each.leaves) for name, found in by_node.items()
    }
    last = {place: name for name, places in reads.items() for place in places}
    found = []
    for name, each in by_node.items():
        writes = each[0][1].writes
        dead = {place for place in (*reads[name], writes) if last.get(place, name) == name}
        found.append(_joined(each, tuple(sorted(dead - {program.output}))))
    return tuple(found)


def _joined(steps: list[tuple[int, Action]], drops: tuple[int, ...]) -> Together:
    coming = [(step, action) for step, action in steps if not action.leaves]
    (offset, action), *_ = coming
    # Until a delay first hands a frame on in the chunk, those that come take the places of those that left.
    leaves = [step for step, each in steps if each.leaves]
    gone = sum(step < leaves[0] for step, _ in coming) if leaves else 0
    return Together(action, offset, tuple(each.phase for _, each in coming), gone, drops)


def run_together(
    each: Together, values: list[Any], kept: list[Tensor], inplace: bool, age: Tensor | None, masks: bool
) -> Tensor:
    """The outputs of a node on the frames of a chunk (batch, channels, time, height, width).

    Args:
        each: the node.
        values: of all places so far.
        kept: the tensors of the state, which are brought up to date.
        inplace: whether layers may overwrite what nobody else reads.
        age: of each stream ahead of the chunk, where it counts.
        masks: whether streams may be young: then their age tells what stands ahead of their first frame.
    """
    action = each.action
    inputs = tuple(values[place] for place in action.reads)
    if action.blank:
        return _blanked(each, inputs[0], age) if masks and age is not None else inputs[0]
    if action.keeper is None:
        layer = action.layer
        run: Callable[..., Tensor] = layer.overwrite if inplace and action.overwrites else layer.frame
        return each_frame(run, *inputs)
    own = slice(*action.kept)
    before = tuple(kept[own])
    if action.keeper.waits:
        frames = inputs[0].clone() if action.copies else inputs[0]
        output, kept[own] = action.keeper.handed_on(frames, before, each.hands_on)
        return output
    if action.copies and len(each.phases) == 1:
        inputs = (inputs[0].clone(), *inputs[1:])
    seen = None if age is None else each.seen(age)
    is_masked = masks and action.since > 0
    output, kept[own] = action.keeper.chunk(inputs, before, each.phases, seen, is_masked)
    return output


def _blanked(each: Together, frames: Tensor, age: Tensor) -> Tensor:
    """What a shift hands on: zeros in the place of frames that have not come to it."""
    steps = each.offset + each.action.jump * torch.arange(frames.shape[2], device=age.device)
    there = age.unsqueeze(1) + steps >= each.action.begins
    return torch.where(there[:, None, :, None, None], frames, torch.zeros_like(frames))
