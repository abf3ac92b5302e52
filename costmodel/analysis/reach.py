"""Which input frames an answer sees: of a stream its windows alone, of a clip cut to the clip's frames."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from math import gcd, lcm
from typing import NamedTuple

from costmodel.analysis.frames_seen import frames_seen, has_known_frames, uneven_layer
from costmodel.analysis.temporal import Timing, excitation_pools, is_whole_clip, latest
from costmodel.conditions import named
from costmodel.errors import SpecError
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import Size, ceil_div, is_zero, maximum, minimum, repeated, where
from costmodel.types import Window


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
        skips = graph.skips[node.name]
        ahead[node.name] = latest(
            ahead[name] + repeated(skip * jumps[name], node.count)
            for name, skip in zip(node.inputs, skips, strict=True)
        )
        if node.name not in pools:
            ahead[node.name] = ahead[node.name] + repeated((window.span - window.before) * jump, node.count)
    return ahead[graph.output]


class _Seen(NamedTuple):
    """What the answers of one edge see: a window around each, and some of them all frames up to `last`.

    `place` is the frame that the first answer is aligned with: behind a causal pool over the clip its newest.
    `start` and `end` are the oldest and the newest frame that any of them sees: shifts into the future drop
    frames at the start of a clip, strides, crops and shifts into the past at its end. `since` and `until` are
    the places of the first and the last answer that sees all up to `last`; None: to the end of the clip.
    `gap` is the distance of the taps of a dilated window, between which it sees nothing.
    """

    jump: int
    back: Size
    ahead: Size
    end: Size
    last: Size | None = None
    place: Size = 0
    start: Size = 0
    since: Size = 0
    until: Size | None = None
    gap: int = 1

    def cropped(self, frames: Size) -> _Seen:
        """What no frame of the edge sees any more is left out: what stands behind its last is padding."""
        newest = self.place + (frames - 1) * self.jump
        oldest = self.start if self.last is not None else maximum(self.start, self.place - self.back)
        return self._replace(start=oldest, end=named("path", self._newest_seen(frames, newest + self.ahead)))

    def _newest_seen(self, frames: Size, farthest: Size) -> Size:
        if self.gap == 1:
            return minimum(self.end, farthest)
        # Taps beyond the end see padding: the newest of an answer that does not stands whole gaps before its
        # farthest, and of answers at other phases one may see more than the last.
        found: Size = 0
        for earlier in range(self.gap // gcd(self.gap, self.jump)):
            tap = farthest - earlier * self.jump
            tap = tap - ceil_div(maximum(0, tap - self.end), self.gap) * self.gap
            found = maximum(found, where(frames > earlier, tap, 0))
        return found

    def skipping(self, frames: Size) -> _Seen:
        """The same answers, the first so many left out: each is aligned with an earlier frame."""
        if is_zero(frames):
            return self
        ahead = frames * self.jump
        return self._replace(
            back=self.back - ahead,
            ahead=self.ahead + ahead,
            since=maximum(0, self.since - ahead),
            until=None if self.until is None else self.until - ahead,
        )


class _Cuts(dict[str, Reach]):
    """The reach of an edge of a clip, worked out when it is asked for: in symbols that takes a while."""

    def __init__(self, graph: Graph, seen: Mapping[str, _Seen]) -> None:
        self.graph = graph
        self.seen = seen

    def __missing__(self, name: str) -> Reach:
        self[name] = found = _cut(self.graph, name, self.seen[name])
        return found


def clip_reach(graph: Graph, left_out: frozenset[str] = frozenset()) -> Mapping[str, Reach]:
    """The reach of every edge of a clip network, but for layers left out: those see just their own frame.

    Raises:
        SpecError: answers must be looked at one by one, and how many frames there are is no number.
    """
    uneven = uneven_layer(graph)
    if uneven is not None and not has_known_frames(graph):
        reason = "which frames of the clip are seen has no closed form"
        raise SpecError(f"{uneven}: {reason}; a size that decides how many there are must be a number")
    if uneven is not None:
        return _one_by_one(graph, left_out)
    return _Cuts(graph, _seen(graph, left_out))


def _one_by_one(graph: Graph, left_out: frozenset[str]) -> Mapping[str, Reach]:
    """The reach of every edge, from the frames that each of its answers sees."""
    aligned, found = _seen(graph, left_out), dict[str, Reach]()
    for name, answers in frames_seen(graph, left_out).items():
        at = aligned[name]
        # An answer that sees padding alone looks nowhere.
        spans = [
            (int(at.place) + number * at.jump, (seen & -seen).bit_length() - 1, seen.bit_length() - 1)
            for number, seen in enumerate(answers)
            if seen
        ]
        found[name] = Reach(
            max((place - first for place, first, _ in spans), default=0),
            max((last - place for place, _, last in spans), default=0),
            max((last - first + 1 for _, first, last in spans), default=0),
        )
    return found


def _seen(graph: Graph, left_out: frozenset[str] = frozenset()) -> dict[str, _Seen]:
    seen = {INPUT: _Seen(1, 0, 0, graph.source.time - 1)}
    heads = head_pools(graph)
    for node in graph.nodes:
        arriving = zip(node.inputs, graph.skips[node.name], strict=True)
        read = [seen[name].skipping(repeated(skip, node.count)) for name, skip in arriving]
        joined = _joined(read, graph.types[node.name].time)
        if node.name in left_out:
            seen[node.name] = joined
        elif node.op.takes_newest:
            seen[node.name] = _of_newest(joined, graph.inputs_of(node)[0].time)
        elif is_whole_clip(graph, node):
            seen[node.name] = _of_whole_clip(graph, node, joined, node.name in heads)
        else:
            seen[node.name] = _after(graph, node, joined)
    return seen


def first_place(graph: Graph) -> Size:
    """The number of the clip's frame that a clip network's first answer is aligned with."""
    return _seen(graph)[graph.output].place


def _joined(inputs: list[_Seen], frames: Size) -> _Seen:
    if len(inputs) == 1:
        return inputs[0]
    inputs = [each.cropped(frames) for each in inputs]  # a merge drops what only some branches have
    whole = [each for each in inputs if each.last is not None]
    untils = [each.until for each in whole]
    return _Seen(
        reduce(lcm, (each.jump for each in inputs)),
        latest(each.back for each in inputs),
        latest(each.ahead for each in inputs),
        latest(each.end for each in inputs),
        latest(each.last for each in whole if each.last is not None) if whole else None,
        latest(each.place for each in inputs),
        reduce(minimum, (each.start for each in inputs)),
        reduce(minimum, (each.since for each in whole)) if whole else 0,
        None if None in untils or not whole else latest(each for each in untils if each is not None),
    )


def _after(graph: Graph, node: Node, at: _Seen) -> _Seen:
    window = graph.windows[node.name]
    if window.is_framewise:
        frames = graph.types[node.name].time
        leaves_out = not is_zero(graph.inputs_of(node)[0].time - frames)
        return at.cropped(frames) if leaves_out else at
    if window.unbounded:  # back to the first frame of the clip
        return at._replace(back=at.back + graph.source.time)
    shared = gcd(window.stride, window.dilation)
    if shared > 1:  # taps and strides that have a factor in common never meet the frames between
        read = graph.inputs_of(node)[0].time
        newest_read = (read - 1 + window.before) // shared * shared - window.before
        at = at.cropped(newest_read + 1)
    first, last = (repeated(place * at.jump, node.count) for place in (window.first, window.last))
    since, until = at.since, at.until
    if window.looks_back or not is_zero(since):  # its first answers see nothing but padding
        since = maximum(0, since - last)
    if window.looks_ahead or until is not None:  # its last ones
        newest = at.place + (graph.inputs_of(node)[0].time - 1) * at.jump
        until = (newest if until is None else until) - first
    jump, back, ahead = at.jump * window.stride, at.back - first, at.ahead + last
    passed = _Seen(jump, back, ahead, at.end, at.last, at.place, at.start, since, until, _gap(window, at))
    return passed.cropped(graph.types[node.name].time)


def _gap(window: Window, at: _Seen) -> int:
    """The distance of the taps between which a window sees nothing: where each sees a frame of the clip."""
    if is_zero(window.span):
        return at.gap
    return window.dilation * at.jump if is_zero(at.back + at.ahead) else 1


def _of_newest(at: _Seen, frames: Size) -> _Seen:
    """The last of so many frames: what it would see of frames to come lies behind the clip.

    Padded and strided, it may be aligned with a frame behind the clip itself.
    """
    place = at.place + (frames - 1) * at.jump
    return at._replace(place=place, ahead=minimum(at.ahead, at.end - place))


def _of_whole_clip(graph: Graph, node: Node, at: _Seen, is_head: bool) -> _Seen:
    """Every answer sees all that its inputs see, up to the last of their frames."""
    read = graph.inputs_of(node)[-1]  # of attention the value
    last = at.cropped(read.time).end
    if at.last is not None:
        last = maximum(last, at.last)
    place = at.place + graph.windows[node.name].before * at.jump if is_head else at.place
    if node.op.is_aside:
        return at._replace(last=last, since=0, until=None)
    return _Seen(at.jump, 0, 0, last, last, place, at.start)


def _cut(graph: Graph, name: str, at: _Seen) -> Reach:
    """The longest reach of an answer, at the frames 0, jump, 2 jump ..., of a clip that ends there."""
    end = at.end
    newest = at.place + (graph.types[name].time - 1) * at.jump
    if at.last is not None:
        first = at.place if is_zero(at.since) else maximum(at.place, ceil_div(at.since, at.jump) * at.jump)
        final = newest if at.until is None else minimum(newest, at.until)
        ahead = maximum(at.last - first, minimum(end - at.place, at.ahead))
        farthest = maximum(at.last, minimum(end, final + at.ahead))
        return Reach(final - at.start, ahead, farthest - at.start + 1)

    def frames(place: Size) -> Size:
        return minimum(end, place + at.ahead) - maximum(at.start, place - at.back) + 1

    # The longest reach is where the window begins to fit, or would begin to leave the clip at its end.
    fits = maximum(0, minimum(at.start + at.back, end - at.ahead))
    # Answers stand at multiples of jump alone: the two beside the best place are tried.
    early, late = fits // at.jump * at.jump, ceil_div(fits, at.jump) * at.jump
    early, late = (maximum(at.place, each) for each in (early, late))
    longest = frames(minimum(early, newest))
    if at.jump > 1:
        longest = maximum(longest, frames(minimum(late, newest)))
    return Reach(minimum(at.back, newest - at.start), minimum(at.ahead, end), longest)
