"""Which layers of a stream must copy the frames that they keep, so that they hold those and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from costmodel.analysis.temporal import timing
from costmodel.emit.modules.base import MIRRORS
from costmodel.graph import INPUT, Graph, Node


@dataclass(frozen=True)
class KeptFrames:
    """The nodes that keep frames of what they read.

    Args:
        copies: those that read a part of larger memory, or memory that is held elsewhere too.
        of_input: the others that read the network's input, which is the caller's memory.
    """

    copies: frozenset[str]
    of_input: frozenset[str]


NOTHING = KeptFrames(frozenset(), frozenset())


def kept_frames(graph: Graph) -> KeptFrames:
    """Which nodes of a stream must copy the frames that they keep.

    Where several keep the output of one layer, the first keeps it as it is and the others keep copies.
    """
    jumps = {name: at.jump for name, at in timing(graph).items()}
    holders, copies, of_input = set(), set(), set()
    for node in graph.nodes:
        # Partial results and recurrent states are made by the layer, hence memory of its own.
        if _kept(graph, node).get("frames", 0) == 0:
            continue
        edge, is_part = _memory_behind(graph, node)
        if is_part or edge in holders or _keeps_answer(graph, edge, jumps):
            copies.add(node.name)
            continue
        holders.add(edge)
        if edge == INPUT:
            of_input.add(node.name)
    return KeptFrames(frozenset(copies), frozenset(of_input))


def _kept(graph: Graph, node: Node) -> dict[str, int]:
    kept = node.op.carry(*graph.inputs_of(node)).kept
    return {name: int(each.values) for name, each in kept.items()}


def _memory_behind(graph: Graph, node: Node) -> tuple[str, bool]:
    """The edge whose memory a node reads, and whether what it reads is only a part of it."""
    name = node.inputs[0]
    size, is_part = graph.types[name].values, False
    # Layers that make no memory of their own hand on views: the memory is that of the first above that does.
    while name != INPUT:
        above = graph.by_name[name]
        if MIRRORS.of(above.op).is_fresh or any(_kept(graph, above).values()):
            break
        name = above.inputs[0]
        is_part = is_part or bool(graph.types[name].values > size)
    return name, is_part


def _keeps_answer(graph: Graph, edge: str, jumps: Mapping[str, int]) -> bool:
    """Whether what a layer answers is still among what it keeps when the step ends."""
    if edge == INPUT:
        return False
    node, window = graph.by_name[edge], graph.windows[edge]
    if window.unbounded:
        return not MIRRORS.of(node.op).is_fresh
    # A wait hands a frame on ahead of taking in the next where it is no whole number of frames.
    return bool(window.wait % jumps[node.inputs[0]])
