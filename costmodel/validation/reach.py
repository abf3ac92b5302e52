"""How far a running network looks through time, measured by changing its input.

A frame is changed to NaN, which no sum, product, maximum or activation hides: whatever the network computes
from that frame is NaN, and nothing else is. A change to another number would not do: a rectifier can stop it,
and what passes the edge taps of fifty windows is smaller than the rounding of the sums that it is added to.
That other numbers move nothing beyond is measured as well.

Maps are the smallest that the layers fit on; channels, frames and layers are the spec's.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from math import inf, isinf

import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.memory import live_floats
from costmodel.analysis.metrics import evaluate
from costmodel.analysis.reach import first_place
from costmodel.emit.network import Network
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph
from costmodel.validation.check import Check, equal
from costmodel.validation.convolutions import of_pixels
from costmodel.validation.long_clip import LongClip
from costmodel.validation.maps import smallest
from costmodel.validation.running import frames_of, running
from costmodel.validation.sampled_reach import check_sampled_reach
from costmodel.validation.stream_reach import check_reach_of_stream

BEYOND = 8  # frames watched beyond what is predicted
MOST_NUMBERS = 2**26  # alive at once: 256 MiB of maps in 32 bits
UNBOUNDED = 64  # frames watched where no bound is predicted


def check_reach(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """How far a clip network sees; of a stream also its look-ahead, transient and warm-up."""
    with of_pixels():
        yield from _check_reach(smallest(graph), seed)


def _check_reach(graph: Graph, seed: int) -> Iterator[Check]:
    figures, network = Figures(graph), running(graph, seed)
    network.float()  # NaN is NaN in every precision, and this one runs many times faster
    if not isinstance(network, StreamNetwork):
        yield from _of_clip(figures, network, seed)
        return
    yield from _of_long_clip(figures, network, seed)
    yield from check_reach_of_stream(figures, network, _watched(figures), seed)


def _watched(figures: Figures) -> int:
    """How many frames after a change are watched: a cycle more than what is predicted."""
    field_of_view = evaluate(figures, "receptive_field")
    if isinf(field_of_view):
        return max(UNBOUNDED, int(evaluate(figures, "delay")) + BEYOND)
    return int(field_of_view) + 2 * figures.cycle + BEYOND


def _of_clip(figures: Figures, network: Network, seed: int) -> Iterator[Check]:
    """Each frame of the clip is changed in a copy of its own: which answers move?"""
    frames, answers = int(figures.graph.source.time), int(figures.out(figures.graph.nodes[-1]).time)
    has_samplers = any(node.op.word == "sgs" for node in figures.graph.nodes)
    if answers > 1 and has_samplers:
        yield from check_sampled_reach(figures, seed)
        return
    clip = frames_of(figures.graph, frames, frames, seed).float()
    # A clip of the batch for each frame that is changed: few runs tell of all.
    for frame in range(frames):
        clip[frame, :, frame] = torch.nan
    with torch.no_grad():
        output = torch.cat([network(each) for each in torch.split(clip, _at_once(figures.graph, frames))])
    moved = output.isnan().reshape(frames, output.shape[1], answers, -1).any(-1).any(1)
    if has_samplers and not moved.any():
        # Similar frames, and all beside one of NaN, come into one bin, which strides may pass by.
        yield from check_sampled_reach(figures, seed)
        return
    jump = figures.timing[figures.graph.output].jump
    first_answer = int(first_place(figures.graph))
    seen = {
        first_answer + answer * jump: moved[:, answer].nonzero()[:, 0].tolist()
        for answer in range(moved.shape[1])
    }
    spans = [(place, found[0], found[-1]) for place, found in seen.items() if found]
    note = f"on the clip network, each of its {frames} frames changed"
    for name, measured in (
        ("padding", max((place - first for place, first, _ in spans), default=0)),
        ("delay", max((last - place for place, _, last in spans), default=0)),
        ("receptive_field", max((last - first + 1 for _, first, last in spans), default=0)),
    ):
        yield equal(name, evaluate(figures, name), measured, note)


def _of_long_clip(figures: Figures, network: Network, seed: int) -> Iterator[Check]:
    """Output j of a long clip is aligned with its frame j * jump: how far behind and ahead does it see?

    What the pool over the clip reads shows how far ahead the network sees without it.
    """
    output, long = figures.graph.output, LongClip(figures.graph, network.layers)
    # `lookahead` leaves out the pool over the clip, so what the pool reads is watched.
    pooled = list(long.features) or [output]
    # What is told decides where clips begin and end and places are looked for, not what is seen there.
    ahead = {name: int(figures.timing[name].delay) for name in (output, *pooled)}
    behind, margin = figures.timing[output].back, 2 * figures.cycle + BEYOND
    start, early = max(0, *ahead.values()) + margin, max(0, -min(ahead.values())) + margin
    frames_from = _whole(long, start + margin, {name: start + margin - told for name, told in ahead.items()})
    beyond = _watched(figures) + max(0, ahead[output]) if isinf(behind) else max(0, int(behind))
    frames_until = _whole(long, early + margin, {output: early + beyond + 2 * margin})

    @cache
    def moved_from(place: int) -> Mapping[str, Tensor]:
        """Which outputs of each edge move where all frames from a place on are changed."""
        return _moved(long, frames_from, slice(place, None), ahead, seed)

    @cache
    def moved_until(place: int) -> Tensor:
        """Which answers move where all frames up to that of a place are changed."""
        return _moved(long, frames_until, slice(place + 1), [output], seed)[output]

    jumps = {name: int(long.jump(name)) for name in ahead}
    seen_ahead = {
        name: _ahead(_aligned(start, told, jumps[name]), jumps[name], _number(moved_from, name))
        for name, told in ahead.items()
    }
    jump = jumps[output]
    early = early if isinf(behind) else _aligned(early, -int(behind) - 1, jump)
    seen_behind = _behind(early, jump, lambda place: _last(moved_until(place)))
    runs = moved_from.cache_info().misses + moved_until.cache_info().misses
    lengths = f"{runs} runs of {frames_from} or {frames_until} frames"
    note = f"on the clip network, all frames changed from a place on or up to one, {lengths}"
    # What still moves at the end of so long a clip has no bound; answers behind this one may see zeros alone.
    answers = moved_until(early)
    last = (frames_until - 1 - max(0, ahead[output])) // jump if isinf(behind) else len(answers)
    is_endless = bool(answers[min(last, len(answers) - 1)])
    yield equal("padding", evaluate(figures, "padding"), inf if is_endless else seen_behind, note)
    yield equal("delay", evaluate(figures, "delay"), seen_ahead[output], note)
    ahead_of_pool = max(seen_ahead[name] for name in pooled)
    yield equal("lookahead", evaluate(figures, "lookahead"), ahead_of_pool, f"what its pool reads, {note}")


def _whole(long: LongClip, frames: int, answered: Mapping[str, int]) -> int:
    """So many frames of a clip or more, with answers of each edge up to a frame, as far as can be told."""
    most = 4 * max(frames, *answered.values())
    frames = long.whole(frames)
    while frames < most and any(long.answered_until(name, frames) < end for name, end in answered.items()):
        frames = long.whole(frames + long.lengths.cycle)
    return frames


def _moved(
    long: LongClip, frames: int, changed: slice, edges: Iterable[str], seed: int
) -> Mapping[str, Tensor]:
    """Which outputs hold a NaN where these frames are NaN, by edge and number."""
    clip = frames_of(long.graph, 1, frames, seed).float()
    clip[:, :, changed] = torch.nan
    outputs = long(clip, set(edges))
    return {name: outputs[name].isnan().flatten(3).any(-1).any(1)[0] for name in edges}


def _first(moved: Tensor) -> int:
    """The number of the first output that moves; one behind all of them where none does."""
    return int(moved.nonzero()[0]) if moved.any() else len(moved)


def _last(moved: Tensor) -> int:
    """The number of the last output that moves; -1 where none does."""
    return int(moved.nonzero()[-1]) if moved.any() else -1


def _number(moved_from: Callable[[int], Mapping[str, Tensor]], name: str) -> Callable[[int], int]:
    """The number of an edge's first output that moves, by the place from which on all is changed."""
    return lambda place: _first(moved_from(place)[name])


def _aligned(place: int, told: int, jump: int) -> int:
    """The first place from one on that is as many jumps ahead of, or behind, what is told."""
    return place + (told - place) % jump


def _ahead(start: int, jump: int, first: Callable[[int], int]) -> int:
    """How many frames ahead of the frame that they are aligned with outputs see.

    Where all frames from a place on are changed, the first output that moves sees that place. The furthest is
    seen where, one place on, the next output takes over: that place is searched for.

    Args:
        start: the first place, at best one of those.
        jump: frames for each output.
        first: the number of the first output that moves, by the place from which on all is changed.
    """
    return start + _taking_over(start, jump, first) - 1 - first(start) * jump


def _behind(start: int, jump: int, last: Callable[[int], int]) -> int:
    """How many frames behind the frame that they are aligned with outputs see, as `_ahead`.

    Where all frames up to one are changed, the last output that moves sees that one; `last` is its number.
    """
    return (last(start) + 1) * jump - (start + _taking_over(start, jump, last))


def _taking_over(start: int, jump: int, number: Callable[[int], int]) -> int:
    """How many places behind the start the next output takes over, at most a jump."""
    known = number(start)
    if jump == 1 or number(start + 1) > known:  # as it does where what is told holds
        return 1
    return bisect(range(jump), known, lo=2, key=lambda at: number(start + at))


def _at_once(clip: Graph, frames: int) -> int:
    """How many clips of so many frames run together: their maps are to take no more than `MOST_NUMBERS`."""
    alive = live_floats(clip) * frames // int(clip.source.time)
    return max(1, MOST_NUMBERS // max(1, alive))
