"""How far a running network looks through time, measured by changing its input.

A frame is changed to NaN, which no sum, product, maximum or activation hides: whatever the network computes
from that frame is NaN, and nothing else is. A change to another number would not do: a rectifier can stop it,
and what passes the edge taps of fifty windows is smaller than the rounding of the sums that it is added to.
That other numbers move nothing beyond is measured as well.

Of streams every phase of the cycle is one of its own in a batch. Maps are the smallest that the layers fit
on; channels, frames and layers are the spec's.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import pairwise
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
from costmodel.numbers import ceil_div
from costmodel.validation.check import Check, equal
from costmodel.validation.convolutions import of_pixels
from costmodel.validation.frames import frames_to_settle
from costmodel.validation.long_clip import LongClip
from costmodel.validation.maps import smallest
from costmodel.validation.running import frames_of, running
from costmodel.validation.sampled_reach import check_sampled_reach

ROUNDING = (
    1e-2  # more than float32 leaves of equal streams at two places of a batch, as a share of the largest
)
MOST_STREAMS = 20  # in one batch, of a cycle of 16 frames all: each keeps its own
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
    yield from _of_stream(figures, network, seed)


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
    watched, cycle, graph = _watched(figures), figures.cycle, figures.graph
    clip_network = LongClip(graph, network.layers)
    # Answers to so many frames ahead of the changed ones may see them, and some more are watched.
    ahead = min(watched, max(0, int(evaluate(figures, "delay"))) + 2 * cycle + BEYOND)
    clip = frames_of(graph, 1, clip_network.whole(ahead + 2 * cycle + watched), seed).float()
    # `lookahead` leaves out the pool over the clip, so what the pool reads is watched.
    pooled = list(clip_network.features) or [graph.output]
    kept = {graph.output, *pooled}

    @cache
    def moved(place: int) -> Mapping[str, Tensor]:
        """Which outputs move, by their number, where a cycle's frames are changed from a place on."""
        changed = clip.clone()
        changed[:, :, place : place + cycle] = torch.nan
        outputs = clip_network(changed, kept)
        return {name: _are_moved(outputs[name])[0] for name in kept}

    def numbers(name: str, place: int) -> tuple[int, int]:
        """The first and the last of those that move."""
        found = moved(place)[name].nonzero()[:, 0]
        return int(found[0]), int(found[-1])

    seen = {
        name: _spans(ahead, cycle, int(clip_network.jump(name)), partial(numbers, name))
        for name in sorted(kept)
    }
    padding, delay = seen[graph.output]
    places = moved.cache_info().misses
    note = f"on the clip network, {cycle} of {clip.shape[2]} frames changed, from {places} places on"
    # What still moves at the end of so long a clip has no bound; answers behind this one may see zeros alone.
    last = (clip.shape[2] - 1 - max(0, delay)) // int(clip_network.jump(graph.output))
    answers = moved(ahead)[graph.output]
    is_endless = bool(answers[min(last, len(answers) - 1)])
    yield equal("padding", evaluate(figures, "padding"), inf if is_endless else padding, note)
    yield equal("delay", evaluate(figures, "delay"), delay, note)
    ahead_of_pool = max(seen[name][1] for name in pooled)
    yield equal("lookahead", evaluate(figures, "lookahead"), ahead_of_pool, f"what its pool reads, {note}")


def _spans(start: int, cycle: int, jump: int, moved: Callable[[int], tuple[int, int]]) -> tuple[int, int]:
    """How many frames behind and ahead of the frame that they are aligned with outputs see.

    Of changed frames the first output that moves sees the first ones, and the last one sees the last ones.
    The furthest is seen where, one place on, the next output takes over: that place is searched for.

    Args:
        start: the first place.
        cycle: how many frames are changed.
        jump: frames for each output.
        moved: the numbers of the first and the last output that move, by the first place that is changed.
    """

    def taking_over(end: int) -> int:
        return bisect(range(jump), moved(start)[end], key=lambda at: moved(start + at)[end])

    ahead, behind = start + taking_over(0) - 1, start + taking_over(1) % jump
    return moved(behind)[1] * jump - (behind + cycle - 1), ahead - moved(ahead)[0] * jump


def _are_moved(outputs: Tensor) -> Tensor:
    """Which answers hold a NaN, by clip and number."""
    return outputs.isnan().flatten(3).any(-1).any(1)


def _at_once(clip: Graph, frames: int) -> int:
    """How many clips of so many frames run together: their maps are to take no more than `MOST_NUMBERS`."""
    alive = live_floats(clip) * frames // int(clip.source.time)
    return max(1, MOST_NUMBERS // max(1, alive))


@dataclass
class _Seen:
    """What is seen of one stream: the ages at which it answers, and those at which the answer had moved."""

    changed_at: int
    ages: list[int] = field(default_factory=list)

    def last(self, step: int) -> bool:
        return bool(self.ages) and self.ages[-1] == step - self.changed_at


@torch.no_grad()
def _of_stream(figures: Figures, network: StreamNetwork, seed: int) -> Iterator[Check]:
    watched, cycle = _watched(figures), network.cycle
    # By then every layer runs, and answers come: a frame tells from here on as it does of an older stream.
    start = ceil_div(frames_to_settle(figures), cycle) * cycle
    # All streams are equal until `start` but that one has another past altogether: two run until then.
    pasts = frames_of(figures.graph, 2, start, seed).float()
    pasts[1] = torch.nan
    frames = frames_of(figures.graph, 1, cycle + watched, seed + 1).float()
    # They differ in the first cycle alone, so that one clip serves them all behind it.
    begun = frames[:, :, :cycle].repeat(cycle + 3, 1, 1, 1, 1)
    for phase in range(cycle):
        begun[phase, :, phase] = torch.nan
    # The last two are held against each other: they differ in one frame, by another number and not by NaN.
    begun[-1, :, 0] *= -10
    answers = [step for step, frame in enumerate(pasts.unbind(2)) if network.forward_step(frame) is not None]
    behind, sources = network.get_state(), [*[0] * cycle, 1, 0, 0]
    influence, past = [_Seen(start + phase) for phase in range(cycle)], _Seen(start)
    finite, told = _Seen(start), [*influence, past]
    for batch in _batches(len(told)):
        network.set_state(behind.of([sources[each] for each in batch]))
        found = list[int]()
        later = frames[:, :, cycle:].expand(len(batch), -1, -1, -1, -1)
        for step, frame in enumerate((*begun[batch].unbind(2), *later.unbind(2)), start):
            output = network.forward_step(frame)
            if output is None:
                continue
            found.append(step)
            moved = output.isnan().flatten(1).any(1).tolist()
            for seen, has_moved in zip(
                (told[each] for each in batch if each < len(told)), moved, strict=False
            ):
                if has_moved and step >= seen.changed_at:
                    seen.ages.append(step - seen.changed_at)
            if batch[-1] > len(told) and _differ(output[-2:]):
                finite.ages.append(step - start)
    answers += found
    yield from _figures(figures, answers, influence, past, start + frames.shape[2])
    last = influence[0].ages[-1] if influence[0].ages else -1
    beyond = [age for age in finite.ages if age > last]
    if beyond:
        # A mistake, or the rounding of 32 bits, which a deep network makes much of: 64 bits tell.
        clips = (each.expand(2, -1, -1, -1, -1) for each in (pasts[:1], begun[-2:], frames[:, :, cycle:]))
        beyond = [age for age in _moved_in_64_bits(network, torch.cat(tuple(clips), 2), start) if age > last]
    yield equal("answers_moved_beyond", 0, len(beyond), "by another number, beyond the receptive field")


def _batches(streams: int) -> Iterator[list[int]]:
    """So many streams and two more, which are held against each other, by number: few at once keep little."""
    for first in range(0, streams, MOST_STREAMS):
        last = min(first + MOST_STREAMS, streams)
        yield [*range(first, last), *([streams, streams + 1] if last == streams else [])]


def _moved_in_64_bits(network: StreamNetwork, frames: Tensor, start: int) -> list[int]:
    """How long after a frame the answers of two streams differ that differ in that frame."""
    network.double().reset()
    ages = []
    for step, frame in enumerate(frames.double().unbind(2)):
        output = network.forward_step(frame)
        if output is not None and _differ(output):
            ages.append(step - start)
    return ages


def _differ(output: Tensor) -> bool:
    """Whether two streams answer otherwise."""
    one, two = output
    return float((one - two).abs().max()) > ROUNDING * float(one.abs().max())


def _figures(
    figures: Figures, answers: list[int], influence: list[_Seen], past: _Seen, steps: int
) -> Iterator[Check]:
    transient = answers[0]
    gaps = {later - earlier for earlier, later in pairwise(answers)}
    ages = [age for seen in influence for age in seen.ages]
    field_of_view = max(ages) - min(ages) + 1 if ages else 0
    # What shows of another past is the warm-up, at a later phase too. Of one until a phase that which shows
    # of each of its frames does, as nothing hides a NaN; the last of them is one step older by then.
    dirty = max([*past.ages, *(age - 1 for age in ages)], default=-1)
    is_endless = any(seen.last(answers[-1]) for seen in (*influence, past))
    note = f"one frame changed, at {len(influence)} phases; {steps} steps"
    yield equal(
        "receptive_field", evaluate(figures, "receptive_field"), inf if is_endless else field_of_view, note
    )
    yield equal("transient", evaluate(figures, "transient"), transient, "steps without an answer")
    yield equal(
        "warmup",
        evaluate(figures, "warmup"),
        inf if is_endless else dirty + 1,
        "steps on which another past tells",
    )
    jump = figures.timing[figures.graph.output].jump
    yield equal("frames_between_answers", jump, gaps.pop() if len(gaps) == 1 else sorted(gaps))
