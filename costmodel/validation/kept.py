"""Which of the numbers that a stream keeps its answers need, measured by the gradient of each.

Each layer that keeps something runs alone from a random state, until nothing that it keeps stems from there:
what none of its later answers moves with is waste. How much it must keep at least is what is needed at the
phase at which most is. A delay is a layer too: it must hand on all that it holds, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import cast

import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.emit.program import Action
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph, Node
from costmodel.ops import Windowed
from costmodel.validation.check import Check, equal
from costmodel.validation.maps import smallest
from costmodel.validation.running import running

FAR_ABOVE = 1e3  # any frame
LONG_SETTLED = 1000  # cycles: until then a window that grows at first, such as of attention, has its size
CYCLES = 3  # by which a layer that remembers for ever has shown what it needs


def check_kept(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """The numbers that a stream says it keeps, beside those that its answers need."""
    graph = smallest(graph)
    network = running(graph, seed)
    assert isinstance(network, StreamNetwork)
    network.requires_grad_(False)
    total, wasteful, told = 0, list[str](), list[str]()
    torch.manual_seed(seed)
    for name, keeper in network.program.keepers.items():
        held = sum(map(prod, keeper.shapes.values()))
        needed = _Layer(network, name).needed() if held else 0
        if needed < held and keeps_whole_window(graph, graph.by_name[name]):
            told.append(f"{name} keeps the {held:,} of its window, of which answers need {needed:,}")
            needed = held
        elif needed < held:
            wasteful.append(f"{name} keeps {held:,}, its answers need {needed:,}")
        total += needed
    note = "; ".join([*wasteful[:3], *told[:3]]) or f"whole maps, by their gradients, input {graph.source}"
    yield equal("state_that_answers_need", evaluate(Figures(graph), "state_floats"), total, note)


def keeps_whole_window(graph: Graph, node: Node) -> bool:
    """Whether a layer keeps the d(k - 1) frames of its window, some of which a stride passes by.

    That is what an input window is; where it is the smaller form all the same, a stride of taps that lie
    apart never comes to some of its frames.
    """
    op = cast(Windowed, node.op.unwrapped)
    if not op.slides or op.kernel[0] is None:
        return False
    held = node.op.carry(*graph.inputs_of(node)).kept.get("frames")
    span = int(op.dilation[0]) * (int(op.kernel[0]) - 1)
    is_passed_by = min(int(op.stride[0]), int(op.dilation[0])) > 1
    return is_passed_by and held is not None and int(held.time) == span


@dataclass(frozen=True)
class _Layer:
    """One layer of a stream that keeps something."""

    network: StreamNetwork
    name: str

    def needed(self) -> int:
        """The most numbers at any phase of which a later answer is a function."""
        cycle = self.network.cycle
        return max(self._needed_at(phase) for phase in range(cycle))

    def _needed_at(self, phase: int) -> int:
        found = [_moved(each) for each in self._gradients(phase)]
        for place, maps in enumerate(found):
            # Of a maximum only the largest counts: each tensor in its turn holds the largest numbers.
            if not maps.all():
                found[place] = maps | _moved(self._gradients(phase, place)[place])
        shapes = self.network.program.keepers[self.name].shapes.values()
        return sum(int(maps.sum()) * prod(shape[-2:]) for maps, shape in zip(found, shapes, strict=True))

    def _gradients(self, phase: int, largest: int | None = None) -> Sequence[Tensor]:
        """Of a random sum of all later answers, by each number kept ahead of the step at a phase."""
        program = self.network.program
        shapes = program.keepers[self.name].shapes.values()
        levels = (FAR_ABOVE if place == largest else 0.0 for place in range(len(shapes)))
        start = tuple(
            (torch.randn(1, *shape).double() + level).requires_grad_()
            for shape, level in zip(shapes, levels, strict=True)
        )
        kept, total, step = start, torch.zeros((), dtype=torch.float64), phase
        # In so many cycles each frame that is kept has been followed by another, unless by one that stays.
        held = sum(each.shape[2] if each.dim() > 4 else 1 for each in start)
        last = phase + (held + CYCLES) * program.cycle
        while any(each.requires_grad for each in kept) and step < last:
            for action in program.actions[step % program.cycle]:
                if action.node == self.name:
                    output, kept = self._stepped(
                        action, kept, program.settled + LONG_SETTLED * program.cycle + step
                    )
                    if output is not None:
                        total = total + (output * torch.randn_like(output)).sum()
            step += 1
        if not total.requires_grad:
            return [torch.zeros_like(each) for each in start]
        found = torch.autograd.grad(total, start, allow_unused=True)
        return [torch.zeros_like(one) if two is None else two for one, two in zip(start, found, strict=True)]

    def _stepped(
        self, action: Action, kept: tuple[Tensor, ...], age: int
    ) -> tuple[Tensor | None, tuple[Tensor, ...]]:
        if action.leaves:
            return kept[0], kept
        graph = self.network.graph
        types = graph.inputs_of(graph.by_name[self.name])
        frames = (torch.randn(1, int(x.channels), int(x.height), int(x.width)).double() for x in types)
        counted = torch.tensor([age]) if self.network.program.counts else None
        return action.step(tuple(frames), kept, counted)


def _moved(gradient: Tensor) -> Tensor:
    """The maps of which an answer is a function: whole ones, as of a maximum in space one position counts."""
    return (gradient != 0).flatten(-2).any(-1)
