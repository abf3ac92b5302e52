"""What a chip without a cache holds of a stream in 8 bits: the state that comes in and goes out, and maps.

A neural processor (NPU) of a microcontroller runs a program from one block of memory (SRAM); weights stay in
flash and are read once. What a stream keeps is an input and an output of its program: of each layer the old
one until the layer has run, and the new one from then on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import NamedTuple

from costmodel.analysis.temporal import cycle_of, step_types
from costmodel.errors import OptionError
from costmodel.graph import INPUT, Graph
from costmodel.ops.base import macs_of

BIAS_BYTES = 4  # in sums of products of 8 bits
NAMED = "bias"
BY_VALUE = ("activation.", "norm", "add", "mul")


class ChipMoment(NamedTuple):
    """Bytes held while one layer runs.

    Args:
        layer: its name.
        state: what all layers keep, each as it came in or as it goes out.
        written: what this layer keeps, as it goes out, beside what it came in as.
        maps: the maps that are alive, and the frames and answers of one run of the program.
    """

    layer: str
    state: int
    written: int
    maps: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.state + self.written + self.maps


@dataclass(frozen=True)
class OnChip:
    """A stream on a chip.

    Args:
        weights: bytes of learned values, which stay in flash.
        moments: one for each layer, in the order of definition.
    """

    weights: int
    moments: tuple[ChipMoment, ...]

    @cached_property
    def peak(self) -> ChipMoment:
        """Where the most is held."""
        return max(self.moments, key=lambda each: each.total)

    @property
    def sram(self) -> int:
        """Bytes of memory that the program needs."""
        return self.peak.total


def on_chip(graph: Graph) -> OnChip:
    """What a chip holds of a stream in 8 bits, a byte for each value.

    A layer that works value by value (an activation, a norm, an addition, a product) writes where an input of
    its size stood that nothing else reads, or is part of the layer ahead of it.

    Raises:
        OptionError: it is no stream, or a layer keeps open sums, which 8 bits cannot hold.
    """
    if not graph.is_stream:
        raise OptionError("--npu: is for streams; add --continual")
    kept = {name: _kept(graph, name) for name in graph.by_name}
    state = sum(kept.values())
    moments = [ChipMoment(name, state, kept[name], maps) for name, maps in _maps(graph)]
    return OnChip(_weights(graph), tuple(moments))


def _maps(graph: Graph) -> Iterator[tuple[str, int]]:
    """Each layer in the order of definition, and the numbers of all maps that are alive while it runs."""
    sizes = {name: int(each.values) for name, each in step_types(graph).items()}
    if graph.chunk == 1:
        # A program is given all frames of a cycle at once; a chunk is whole cycles.
        sizes[INPUT] *= cycle_of(graph)
    unread = {name: set(readers) for name, readers in graph.consumers.items()}
    unread[graph.output].add("")  # the answer is kept
    alive = {INPUT: sizes[INPUT]}
    for node in graph.nodes:
        name = node.name
        ends = [read for read in dict.fromkeys(node.inputs) if unread[read] == {name}]
        place = next((read for read in ends if sizes[read] == sizes[name]), None)
        if place is not None and _is_by_value(graph, name):
            del alive[place]
        alive[name] = sizes[name]
        yield name, sum(alive.values()) + _taps(graph, name) * sizes[name]
        for read in (*node.inputs, name):
            unread[read].discard(name)
            if not unread[read]:
                alive.pop(read, None)


def _taps(graph: Graph, name: str) -> int:
    """Maps beside its output that a layer makes: of a window in time the sum so far and the next tap's."""
    node = graph.by_name[name]
    work = node.op.work(*graph.inputs_of(node))
    return 2 * int(macs_of(work) != 0 and graph.windows[name].kernel > 1)


def _is_by_value(graph: Graph, name: str) -> bool:
    """Whether each value of a layer comes from the values at its place alone."""
    node = graph.by_name[name]
    kinds = node.op.work(*graph.inputs_of(node))
    return all(kind.startswith(BY_VALUE) for kind in kinds) and not node.op.carry(*graph.inputs_of(node)).kept


def _kept(graph: Graph, name: str) -> int:
    node = graph.by_name[name]
    kept = node.op.carry(*graph.inputs_of(node)).kept
    if "partial" in kept and kept["partial"].values:
        raise OptionError(f"--npu: {name} keeps open sums, which 8 bits cannot hold; add --state window")
    return int(node.count * sum(each.values for each in kept.values()))


def _weights(graph: Graph) -> int:
    return sum(
        int(node.count * prod(shape)) * (BIAS_BYTES if name == NAMED else 1)
        for node in graph.nodes
        for name, shape in node.op.weights(*graph.inputs_of(node)).items()
    )
