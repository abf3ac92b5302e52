"""Which frames of a clip each of its answers sees, one by one: where no one window around an answer tells.

The answers of what rolls frames, attends within windows of a clip, or pools it to some frames see frames at
other distances each; so do those of networks that leave frames out, or whose strides pass some by. A clip has
few frames: those that an answer sees are the bits of a number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from operator import or_

from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import is_zero

Seen = tuple[int, ...]  # of each answer the frames that it sees, as bits


def uneven_layer(graph: Graph) -> str | None:
    """The first layer, if any, for which no one window tells what the answers of a clip network see."""
    strides = any(window.stride > 1 for window in graph.windows.values())
    return next((node.name for node in graph.nodes if _is_uneven(graph, node, strides)), None)


def has_known_frames(graph: Graph) -> bool:
    """Whether all that decides which frames are seen is a number: then they can be looked at one by one."""
    return all(_is_exact(graph, node) for node in graph.nodes)


def _is_uneven(graph: Graph, node: Node, strides: bool) -> bool:
    window = graph.windows[node.name]
    # The taps of a dilated window may stand in padding at both ends. A stride may pass by all that they see,
    # or all that a shift has left of the first frames. Where frames were left out, the branch that looks back
    # the most need not be the one that still has the oldest.
    passes_by = (window.dilation > 1 and not is_zero(window.span)) or (strides and window.looks_back)
    leaves_out = window.looks_ahead or not all(map(is_zero, graph.skips[node.name]))
    # Whether it tells its frames does not depend on how many there are, which may be a symbol.
    types = (each.with_time(1) for each in graph.inputs_of(node))
    return passes_by or leaves_out or node.op.frames_read(0, *types) is not None


def frames_seen(graph: Graph, left_out: Collection[str] = ()) -> Mapping[str, Seen]:
    """The frames that every answer of every edge sees; layers left out see their own frame alone."""
    found: dict[str, Seen] = {INPUT: tuple(1 << frame for frame in range(int(graph.source.time)))}
    for node in graph.nodes:
        read = [found[name] for name in node.inputs]
        found[node.name] = tuple(
            reduce(or_, _read(graph, node, answer, read, node.name in left_out), 0)
            for answer in range(int(graph.types[node.name].time))
        )
    return found


def _is_exact(graph: Graph, node: Node) -> bool:
    window = graph.windows[node.name]
    sizes = (node.count, graph.types[node.name].time, graph.source.time, window.kernel, window.before)
    return all(isinstance(size, int) for size in (*sizes, *graph.skips[node.name])) and node.count == 1


def _read(graph: Graph, node: Node, answer: int, read: list[Seen], is_left_out: bool) -> Iterator[int]:
    skips = [int(skip) for skip in graph.skips[node.name]]
    for at, (seen, skip) in enumerate(zip(read, skips, strict=True)):
        # Of attention the first asks, each of its frames for itself.
        asks = node.op.is_aside and at == 0
        frames = [answer] if asks or is_left_out else _frames(graph, node, answer, len(seen))
        for frame in frames:
            # A gate of one frame is read at all of them.
            place = 0 if len(seen) == 1 else frame + skip
            if 0 <= place < len(seen):
                yield seen[place]


def _frames(graph: Graph, node: Node, answer: int, frames: int) -> Collection[int]:
    """The frames of its input that one answer of a layer reads; some may be padding."""
    window = graph.windows[node.name]
    uneven = node.op.frames_read(answer, *graph.inputs_of(node))
    if uneven is not None:
        return uneven
    if node.op.takes_newest:
        return [frames - 1]
    if window.whole_clip:
        return range(frames)
    if window.unbounded:
        return range(answer + 1)
    first = answer * window.stride - int(window.before)
    return range(first, first + int(window.span) + 1, window.dilation)
