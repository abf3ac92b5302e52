"""Which input frames an answer sees: of a stream its windows alone, of a clip cut to the clip's frames."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from math import lcm
from typing import NamedTuple

from costmodel.analysis.temporal import Timing, excitation_pools, is_whole_clip, latest
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import Size, ceil_div, maximum, minimum, named, repeated
from costmodel.types import TensorType


class Reach(NamedTuple):
    """Of one edge, in input frames: how far its answers see behind and ahead of the frame aligned with them.

    `receptive_field` counts the frames from the first to the last that influence one answer, both included.
    """

    padding: Size
    delay: Size
    receptive_field: Size


def stream_reach(times: Mapping[str, Timing]) -> dict[str, Reach]:
    """The reach of every edge of a stream, whose past and future have no end."""
    return {name: Reach(at.back, at.delay, at.receptive_field) for name, at in times.items()}


def head_pools(graph: Graph) -> frozenset[str]:
    """Pools over the whole clip whose mean is the answer; those that only gate a branch are none."""
    # In a stream the pool is a sliding window; only the clip network says which window was a head.
    clip = graph if graph.clip is None else graph.clip
    return frozenset(
        node.name
        for node in clip.nodes
        if is_whole_clip(clip, node) and (node.op.slides or node.op.is_cumulative)
    ) - excitation_pools(clip)


def lookahead(graph: Graph) -> Size:
    """Frames that the answer of a stream looks ahead, its pool over the clip and its waits left out.

    A wait at a merge makes nobody look further ahead: it fills a branch up to the one that does.
    """
    pools = head_pools(graph)
    ahead: dict[str, Size] = {INPUT: 0}
    jumps = {INPUT: 1}
    for node in graph.nodes:
        window = graph.windows[node.name]
        jump = reduce(lcm, (jumps[name] for name in node.inputs))
        jumps[node.name] = jump * window.stride
        ahead[node.name] = latest(ahead[name] for name in node.inputs)
        if node.name not in pools:
            ahead[node.name] += repeated((window.span - window.before) * jump, node.count)
    return ahead[graph.output]


class _Seen(NamedTuple):
    """What the answers of one edge see: a window around each, and of all of them the frames up to `last`.

    `place` is the frame that the first answer is aligned with: behind a causal pool over the clip its newest.
    `end` is the newest frame that there is to see: strides and crops drop frames at the end of a clip.
    """

    jump: int
    back: Size
    ahead: Size
    end: Size
    last: Size | None = None
    place: Size = 0


class _Cuts(dict[str, Reach]):
    """The reach of an edge of a clip, worked out when it is asked for: in symbols that takes a while."""

    def __init__(self, graph: Graph, seen: Mapping[str, _Seen]) -> None:
        self.graph = graph
        self.seen = seen

    def __missing__(self, name: str) -> Reach:
        self[name] = found = _cut(self.graph, name, self.seen[name])
        return found


def clip_reach(graph: Graph, left_out: frozenset[str] = frozenset()) -> Mapping[str, Reach]:
    """The reach of every edge of a clip network, but for layers left out: those see just their own frame."""
    return _Cuts(graph, _seen(graph, left_out))


def _seen(graph: Graph, left_out: frozenset[str] = frozenset()) -> dict[str, _Seen]:
    seen = {INPUT: _Seen(1, 0, 0, graph.source.time - 1)}
    heads = head_pools(graph)
    for node in graph.nodes:
        joined = _joined([seen[name] for name in node.inputs])
        if node.name in left_out:
            seen[node.name] = joined
        elif is_whole_clip(graph, node):
            seen[node.name] = _of_whole_clip(graph, node, joined, node.name in heads)
        else:
            seen[node.name] = _after(graph, node, joined)
    return seen


def first_place(graph: Graph) -> Size:
    """The number of the clip's frame that a clip network's first answer is aligned with."""
    return _seen(graph)[graph.output].place


def _joined(inputs: list[_Seen]) -> _Seen:
    if len(inputs) == 1:
        return inputs[0]
    lasts = [each.last for each in inputs if each.last is not None]
    return _Seen(
        reduce(lcm, (each.jump for each in inputs)),
        latest(each.back for each in inputs),
        latest(each.ahead for each in inputs),
        latest(each.end for each in inputs),
        latest(lasts) if lasts else None,
        latest(each.place for each in inputs),
    )


def _after(graph: Graph, node: Node, at: _Seen) -> _Seen:
    window = graph.windows[node.name]
    if window.is_framewise:
        return at
    if window.unbounded:  # back to the first frame of the clip
        return at._replace(back=at.back + graph.source.time)
    back = at.back + repeated(window.before * at.jump, node.count)
    ahead = at.ahead + repeated((window.span - window.before) * at.jump, node.count)
    end = _end(graph.inputs_of(node)[0], at)
    return _Seen(at.jump * window.stride, back, ahead, end, at.last, at.place)


def _end(read: TensorType, at: _Seen) -> Size:
    """The newest frame that the last frame of an edge sees: what stands behind that is padding."""
    return named("path", minimum(at.end, (read.time - 1) * at.jump + at.ahead))


def _of_whole_clip(graph: Graph, node: Node, at: _Seen, is_head: bool) -> _Seen:
    """Every answer sees all that its inputs see, up to the last of their frames."""
    read = graph.inputs_of(node)[-1]  # of attention the value
    last = _end(read, at)
    if at.last is not None:
        last = maximum(last, at.last)
    place = at.place + graph.windows[node.name].before * at.jump if is_head else at.place
    return at._replace(last=last) if node.op.is_aside else _Seen(at.jump, 0, 0, last, last, place)


def _cut(graph: Graph, name: str, at: _Seen) -> Reach:
    """The longest reach of an answer, at the frames 0, jump, 2 jump ..., of a clip that ends there."""
    end = at.end
    newest = at.place + (graph.types[name].time - 1) * at.jump
    if at.last is not None:
        ahead = maximum(at.last - at.place, minimum(end - at.place, at.ahead))
        return Reach(newest, ahead, maximum(at.last, minimum(end, newest + at.ahead)) + 1)

    def frames(place: Size) -> Size:
        return minimum(end, place + at.ahead) - maximum(0, place - at.back) + 1

    # The longest reach is where the window begins to fit, or would begin to leave the clip at its end.
    fits = maximum(0, minimum(at.back, end - at.ahead))
    # Answers stand at multiples of jump alone: the two beside the best place are tried.
    early, late = fits // at.jump * at.jump, ceil_div(fits, at.jump) * at.jump
    longest = frames(minimum(early, newest))
    if at.jump > 1:
        longest = maximum(longest, frames(minimum(late, newest)))
    return Reach(minimum(at.back, newest), minimum(at.ahead, end), longest)
