"""How many frames the layers of a clip network answer, seen as it runs on clips of two lengths."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property, lru_cache
from math import lcm

import torch

from costmodel.analysis.temporal import timing
from costmodel.emit.modules import layer_for
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Op
from costmodel.types import TensorType
from costmodel.validation.undrawn import Undrawn
from costmodel.validation.unread import unread


@lru_cache(maxsize=2)  # as many as there are sizes of maps that checks of one network run on
def lengths_of(clip: Graph) -> Lengths:
    """The lengths of the edges of a clip network, found once for all its checks."""
    return Lengths(clip)


class Lengths:
    """The lengths of all edges of a clip network: of its own clip, and of longer ones.

    Args:
        clip: the network.

    Attributes:
        own: the frames of each edge in the network's own clip.
        growing: the edges that have more frames where the clip has.
        closing: the layers that answer the same number, of inputs that grow: those over the whole clip.
    """

    def __init__(self, clip: Graph) -> None:
        self.clip = clip
        # Any common multiple of the strides will do; frames are added in whole cycles, so that strides leave
        # the rests at the end of a clip that they leave of the network's own.
        self.cycle = lcm(*(at.jump for at in timing(clip).values()))
        own = int(clip.source.time)
        more = own + self.cycle * (1 + 64 // self.cycle)
        self._more = more - own
        self.growing: set[str] = {INPUT}
        self.closing: list[str] = []
        self.own: dict[str, int] = {INPUT: own}
        self._longer: dict[str, int] = {INPUT: more}
        self._run()

    def is_sliding(self, node: Node) -> bool:
        """Whether a node reads what a layer over the whole clip answers."""
        return any(name not in self.growing for name in node.inputs)

    @cached_property
    def jumps(self) -> Mapping[str, Fraction]:
        """Frames of the clip for each of an edge; behind a whole-clip layer as many as ahead of it."""
        found: dict[str, Fraction] = {}
        for name in (INPUT, *self.clip.by_name):
            if name in self.growing:
                found[name] = Fraction(self._more, self._longer[name] - self.own[name])
            else:
                read = [int(found[each]) for each in self.clip.by_name[name].inputs]
                found[name] = Fraction(lcm(*read))
        return found

    @cached_property
    def offsets(self) -> Mapping[str, Fraction]:
        """Of each growing edge, its frames less the clip's over its jump: n = frames / jump + offset."""
        own = Fraction(self.own[INPUT])
        return {name: self.own[name] - own / self.jumps[name] for name in self.growing}

    @cached_property
    def squeezing(self) -> frozenset[str]:
        """The layers over the whole clip from which no way leads to the answer but through a gate."""
        reaches = set[str]()
        for node in reversed(self.clip.nodes):
            if node.name in self.growing:
                continue
            readers = self.clip.consumers[node.name]
            if not readers or any(each in reaches for each in readers):
                reaches.add(node.name)
        return frozenset(name for name in self.closing if name not in reaches)

    def arriving(self, name: str) -> int:
        """The frames that a layer reads in the network's own clip."""
        return self.own[self.clip.by_name[name].inputs[0]]

    def expected(self, name: str, frames: int) -> int:
        """The frames of a growing edge of a clip of so many."""
        return int(Fraction(frames) / self.jumps[name] + self.offsets[name])

    def _run(self) -> None:
        source = self.clip.source
        edges = {INPUT: [source.with_time(each) for each in (self.own[INPUT], self._longer[INPUT])]}
        answered = dict[tuple[Op, tuple[TensorType, ...]], TensorType]()  # equal blocks are run once

        def answer(op: Op, *read: TensorType) -> TensorType:
            if (op, read) not in answered:
                with unread(self.clip), Undrawn():
                    answered[op, read] = _answer(op, read)
            return answered[op, read]

        for node in self.clip.nodes:
            read = [edges[name] for name in node.inputs]
            grows = any(name in self.growing for name in node.inputs)
            own = answer(node.op, *(each[0] for each in read))
            longer = answer(node.op, *(each[1] for each in read)) if grows else own
            if longer.time > own.time:
                self.growing.add(node.name)
            elif grows:
                # What stands behind has, of any clip, as much to read as of the network's own.
                longer = own
                self.closing.append(node.name)
            edges[node.name] = [own, longer]
            self.own[node.name], self._longer[node.name] = int(own.time), int(longer.time)


@torch.no_grad()
def _answer(op: Op, read: tuple[TensorType, ...]) -> TensorType:
    """The shape of what an emitted layer answers to clips of these shapes."""
    clips = (torch.zeros((1, *map(int, each))) for each in read)
    return TensorType(*layer_for(op, read).eval()(*clips).shape[1:])
