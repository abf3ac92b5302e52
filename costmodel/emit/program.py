"""What runs at each phase of a stream's cycle, worked out once: the order, what is kept, what is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from math import lcm

import torch
from torch import Tensor

from costmodel.analysis.temporal import Timing, timing
from costmodel.emit.memory import kept_frames
from costmodel.emit.modules.base import Layer
from costmodel.emit.modules.keeper import Keeper, Kept, keeper_for
from costmodel.emit.network import may_overwrite
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Op


@dataclass
class Action:
    """What one node does at one phase, which is one place in the cycle of steps.

    Args:
        node: its name.
        layer: what runs.
        reads: places of its inputs among the values of the step.
        writes: place of its output.
        since: the age of a stream, in frames, from which on its inputs are there.
        answers: the age from which on its output is a stream's own.
        keeper: what it keeps, with the tensors of the state from and to `kept`, at `phase` of its own stride.
        overwrites: whether it may overwrite its input.
        begins: the age from which on its input is there, where it answers before: a shift puts zeros there.
        blank: the shape of those zeros, without the batch.
        copies: whether it keeps a copy of its input, whose memory is larger or held elsewhere.
        jump: frames of the stream between two of its inputs.
        leaves: for a delay, whether it hands on its oldest frame now (otherwise it takes a frame in).
        drops: places of values that nobody reads any more.
    """

    node: str
    layer: Layer[Op]
    reads: tuple[int, ...]
    writes: int
    since: int
    answers: int
    keeper: Keeper | None = None
    kept: tuple[int, int] = (0, 0)
    phase: int = 0
    overwrites: bool = False
    begins: int = 0
    blank: tuple[int, ...] = ()
    copies: bool = False
    jump: int = 1
    leaves: bool = False
    drops: tuple[int, ...] = ()

    def step(self, frames: Kept, kept: Kept, age: Tensor | None) -> tuple[Tensor | None, Kept]:
        """The output of its keeper, and what that keeps; `age` (batch,) where it counts frames."""
        assert self.keeper is not None
        if age is None or not self.keeper.counts:
            return self.keeper.step(frames[0], kept, self.phase)
        seen = torch.div(age - self.since, self.jump, rounding_mode="floor")
        if self.keeper.joins:
            return self.keeper.joined(frames, kept, seen)
        return self.keeper.counted(frames[0], kept, self.phase, seen)


@dataclass
class Program:
    """A stream's schedule: which layers run at each step of a cycle, and which tensors they keep.

    Args:
        cycle: frames after which the phases repeat.
        shapes: names and shapes, without the batch, of all tensors of the state, in order.
        actions: for each phase, what runs.
        settled: the age from which on no stream starts anything.
        delay: the age of the first output, below zero where outputs run ahead of their frames.
        early: how many steps ahead of a stream's first frame layers behind a shift have begun.
        jump: frames between outputs.
        keeps_input: whether a layer keeps frames of the input as they are given.
    """

    cycle: int
    shapes: Mapping[str, tuple[int, ...]]
    keepers: Mapping[str, Keeper]
    actions: tuple[tuple[Action, ...], ...]
    places: int
    output: int
    settled: int
    delay: int
    jump: int
    keeps_input: bool
    early: int
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.names = tuple(self.shapes)

    @property
    def counts(self) -> bool:
        """Whether a layer must know how many frames a stream has seen."""
        return any(keeper.counts for keeper in self.keepers.values())

    def answers(self, phase: int) -> bool:
        """Whether the network answers at a phase."""
        return (phase - self.delay) % self.jump == 0

    def empty(self, batch: int, like: Tensor) -> tuple[Tensor, ...]:
        """The tensors of a stream that has seen no frame."""
        return tuple(tensor for keeper in self.keepers.values() for tensor in keeper.empty(batch, like))


def program_of(graph: Graph, layers: Mapping[str, Layer[Op]]) -> Program:
    """The schedule of a stream whose nodes are run by these layers."""
    return _Builder(graph, layers).program()


class _Builder:
    def __init__(self, graph: Graph, layers: Mapping[str, Layer[Op]]) -> None:
        self.graph = graph
        self.layers = layers
        self.at: Mapping[str, Timing] = timing(graph)
        self.place = {INPUT: 0} | {node.name: number + 1 for number, node in enumerate(graph.nodes)}
        self.keepers = {
            node.name: keeper for node in graph.nodes if (keeper := self._keeper(node)) is not None
        }
        self.frames = kept_frames(graph)
        self.kept: dict[str, tuple[int, int]] = {}
        shapes: dict[str, tuple[int, ...]] = {}
        for name, keeper in self.keepers.items():
            self.kept[name] = (len(shapes), len(shapes) + len(keeper.shapes))
            shapes |= {f"{name}.{tensor}": shape for tensor, shape in keeper.shapes.items()}
        self.shapes = shapes

    def program(self) -> Program:
        cycle = reduce(lcm, (at.jump for at in self.at.values()))
        actions = tuple(self._at_phase(phase) for phase in range(cycle))
        end = self.at[self.graph.output]
        starts = [action.since for each in actions for action in each]
        begun = [action.begins for each in actions for action in each]
        return Program(
            cycle,
            self.shapes,
            self.keepers,
            actions,
            len(self.place),
            self.place[self.graph.output],
            # One more than the last start: the step at which a layer sees its first frame is still a start.
            max(*starts, *begun, int(end.delay)) + 1,
            int(end.delay),
            end.jump,
            bool(self.frames.of_input),
            max(0, -min(starts)),
        )

    def _keeper(self, node: Node) -> Keeper | None:
        if not node.op.is_step_form or self._runs_ahead(node):
            return None
        return keeper_for(node.op, self.layers[node.name], *self.graph.inputs_of(node))

    def _at_phase(self, phase: int) -> tuple[Action, ...]:
        found = [action for node in self.graph.nodes for action in self._actions(node, phase)]
        return tuple(self._with_drops(found))

    def _actions(self, node: Node, phase: int) -> Iterable[Action]:
        leaving = self.at[node.name]
        # Where branches meet the first frames of some may be left out: the last to come decides.
        arrival = self.at[node.inputs[0]] if len(node.inputs) == 1 else leaving
        arrives = (phase - arrival.delay) % arrival.jump == 0
        reads = tuple(self.place[name] for name in node.inputs)
        keeper, kept = self.keepers.get(node.name), self.kept.get(node.name, (0, 0))
        action = Action(
            node.name,
            self.layers[node.name],
            reads,
            self.place[node.name],
            int(arrival.delay),
            int(leaving.delay),
            keeper,
            kept,
        )
        action.jump = arrival.jump
        if keeper is not None and keeper.waits:
            # A frame leaves ahead of the one that comes in, so that ceil(wait / jump) places are enough.
            if (phase - leaving.delay) % leaving.jump == 0:
                yield replace(action, reads=(), since=int(leaving.delay), leaves=True)
            if arrives:
                yield replace(action, copies=node.name in self.frames.copies)
        elif arrives:
            if keeper is not None:
                window = node.op.window(*self.graph.inputs_of(node))
                # Keepers count from the first frame of a clip's padding. The stride divides the frames that
                # come in one cycle, so that the number within the cycle is enough.
                number = (phase - arrival.delay) // arrival.jump + window.before
                action.phase = int(number % window.stride)
            if self._runs_ahead(node):
                out = self.graph.types[node.name]
                action.since, action.begins = int(leaving.delay), int(arrival.delay)
                action.blank = (int(out.channels), int(out.height), int(out.width))
            action.overwrites = may_overwrite(self.graph, node, self.layers)
            action.copies = node.name in self.frames.copies
            yield action

    def _runs_ahead(self, node: Node) -> bool:
        """Whether a node looks at the past alone: it keeps nothing, and answers before its input comes."""
        return self.graph.windows[node.name].looks_back

    def _with_drops(self, actions: list[Action]) -> Iterable[Action]:
        # Maps are freed as soon as nobody reads them: the peak of a step is what the analysis assumes.
        last_read = {place: number for number, action in enumerate(actions) for place in action.reads}
        output = self.place[self.graph.output]
        for number, action in enumerate(actions):
            dead = {
                place for place in (*action.reads, action.writes) if last_read.get(place, number) <= number
            }
            action.drops = tuple(sorted(dead - {output}))
        return actions
