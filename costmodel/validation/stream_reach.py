"""How far a running stream looks through time, measured frame by frame.

Of streams that run in one batch each has one frame that is NaN, each at a phase of the cycle of its own: at
all phases, or where cycles are long at those between which the next answer takes over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, isinf
from typing import NamedTuple

import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.emit.state import StreamState
from costmodel.emit.stream import StreamNetwork
from costmodel.numbers import Size, ceil_div
from costmodel.validation.check import Check, equal
from costmodel.validation.frames import frames_to_settle
from costmodel.validation.running import frames_of

# More than float32 leaves of equal streams at two places of a batch, as a share of the largest.
ROUNDING = 1e-2
MOST_STREAMS = 20  # in one batch, of a cycle of 16 frames all: each keeps its own; two at least
OTHER = -10  # times what a frame was
FEW_PHASES = 4  # of a cycle, as many as there are where answers take over: of no more all are changed


@dataclass
class _Seen:
    """What is seen of one stream: the ages at which it answers, and those at which the answer had moved."""

    changed_at: int
    ages: list[int] = field(default_factory=list)

    def see(self, step: int) -> None:
        """Of answers ahead of the change nothing is kept."""
        if step >= self.changed_at:
            self.ages.append(step - self.changed_at)

    def step(self, place: int) -> int:
        """The step of an answer that had moved: of the first, or the last at -1."""
        return self.changed_at + self.ages[place]


@torch.no_grad()
def check_reach_of_stream(
    figures: Figures, network: StreamNetwork, watched: int, seed: int
) -> Iterator[Check]:
    """Receptive field, transient and warm-up of a stream, and that answers see nothing beyond.

    Args:
        figures: of the stream.
        network: the same stream as it runs, in 32 bits.
        watched: frames after a change that are watched.
        seed: of the frames.
    """
    cycle = network.cycle
    # By then every layer runs, and answers come: a frame tells from here on as it does of an older stream.
    start = ceil_div(frames_to_settle(figures), cycle) * cycle
    # All streams are equal until `start` but that one has another past altogether: two run until then.
    pasts = frames_of(figures.graph, 2, start, seed).float()
    pasts[1] = torch.nan
    frames = frames_of(figures.graph, 1, cycle + watched, seed + 1).float()
    answers = [step for step, frame in enumerate(pasts.unbind(2)) if network.forward_step(frame) is not None]
    behind = network.get_state()
    ends = _ends(evaluate(figures, "receptive_field"), answers, cycle)
    run = _run(network, behind, frames, start, ends.phases if ends else range(cycle))
    if ends and not ends.are_seen(run, cycle):
        run = _run(network, behind, frames, start, range(cycle))
    yield from _figures(figures, [*answers, *run.answers], run, start + frames.shape[2])
    phase, *_ = run.of_phases
    last = max(run.of_phases[phase].ages, default=-1)
    beyond = [age for age in run.finite.ages if age > last]
    if beyond:
        # A mistake, or the rounding of 32 bits, which a deep network makes much of: 64 bits tell.
        clip = torch.cat((pasts[:1], frames), 2).repeat(2, 1, 1, 1, 1)
        clip[1, :, start + phase] *= OTHER
        beyond = [age for age in _moved_in_64_bits(network, clip, start + phase) if age > last]
    yield equal("answers_moved_beyond", 0, len(beyond), "by another number, beyond the receptive field")


@dataclass
class _Run:
    """What streams in a batch show.

    Attributes:
        of_phases: of streams of which one frame is NaN, by its phase.
        past: of the stream whose past is.
        finite: where a stream of which the first of these frames is another number, and not NaN, answers
            otherwise than the one of which it is, once no NaN shows of that.
        answers: the steps with an answer.
    """

    of_phases: Mapping[int, _Seen]
    past: _Seen
    finite: _Seen
    answers: Sequence[int] = ()


class _Ends(NamedTuple):
    """The phases between which the next answer takes over, by the newest frame it sees and the oldest."""

    newest: tuple[int, int]
    oldest: tuple[int, int]

    @property
    def phases(self) -> Sequence[int]:
        """All of them, in order."""
        return sorted({*self.newest, *self.oldest})

    def are_seen(self, run: _Run, cycle: int) -> bool:
        """Whether answers took over there, a cycle later: then frames at other phases tell no more."""
        seen = run.of_phases
        return all(each.ages for each in seen.values()) and all(
            seen[later].step(place) + (cycle if later < earlier else 0) == seen[earlier].step(place) + cycle
            for (earlier, later), place in ((self.newest, 0), (self.oldest, -1))
        )


def _ends(field_of_view: Size, answers: Sequence[int], cycle: int) -> _Ends | None:
    """Where the next answer is to take over by what is told; None where frames of all phases are changed."""
    if isinf(field_of_view) or cycle <= FEW_PHASES or answers[-1] - answers[-2] != cycle:
        return None
    newest, oldest = answers[-1] % cycle, (answers[-1] - int(field_of_view) + 1) % cycle
    return _Ends((newest, (newest + 1) % cycle), ((oldest - 1) % cycle, oldest))


def _run(
    network: StreamNetwork, behind: StreamState, frames: Tensor, start: int, phases: Sequence[int]
) -> _Run:
    """Frames (1, channels, time, height, width) behind a past and another one, one at each phase changed."""
    cycle = network.cycle
    run = _Run({phase: _Seen(start + phase) for phase in phases}, _Seen(start), _Seen(start + phases[0]))
    told = [*run.of_phases.values(), run.past]
    # They differ in the first cycle alone, so that one clip serves them all behind it.
    begun = frames[:, :, :cycle].repeat(1 + len(told), 1, 1, 1, 1)
    begun[0, :, phases[0]] *= OTHER
    for stream, phase in enumerate(phases, start=1):
        begun[stream, :, phase] = torch.nan
    sources = [*[0] * (1 + len(phases)), 1]
    for batch in _batches(1 + len(told)):
        network.set_state(behind.of([sources[each] for each in batch]))
        answers = list[int]()
        later = frames[:, :, cycle:].expand(len(batch), -1, -1, -1, -1)
        for step, frame in enumerate((*begun[batch].unbind(2), *later.unbind(2)), start):
            output = network.forward_step(frame)
            if output is None:
                continue
            answers.append(step)
            moved = output.isnan().flatten(1).any(1).tolist()
            for each, has_moved in zip(batch, moved, strict=True):
                if each > 0 and has_moved:
                    told[each - 1].see(step)
            if batch[0] == 0 and not moved[1] and _differ(output[:2]):
                run.finite.see(step)
        run.answers = answers
    return run


def _batches(streams: int) -> Iterator[list[int]]:
    """So many streams by number, few at once, which keep little; the first two are compared, so together."""
    for first in range(0, streams, MOST_STREAMS):
        yield list(range(first, min(first + MOST_STREAMS, streams)))


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


def _figures(figures: Figures, answers: Sequence[int], run: _Run, steps: int) -> Iterator[Check]:
    transient = answers[0]
    gaps = {later - earlier for earlier, later in pairwise(answers)}
    ages = [age for seen in run.of_phases.values() for age in seen.ages]
    field_of_view = max(ages) - min(ages) + 1 if ages else 0
    # What shows of another past is the warm-up, at a later phase too. Of one until a phase that which shows
    # of each of its frames does, as nothing hides a NaN; the last of them is one step older by then.
    dirty = max([*run.past.ages, *(age - 1 for age in ages)], default=-1)
    is_endless = any(
        seen.step(-1) == answers[-1] for seen in (*run.of_phases.values(), run.past) if seen.ages
    )
    phases = f"{len(run.of_phases)} phases"
    if len(run.of_phases) < figures.cycle:
        phases = f"the {phases} of {figures.cycle} between which the next answer takes over"
    note = f"one frame changed, at {phases}; {steps} steps"
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
