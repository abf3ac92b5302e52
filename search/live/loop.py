"""The loop that runs a continual network on several sources, each a stream of one batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from time import perf_counter

import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate as metric
from costmodel.emit.backends import Runner
from costmodel.emit.state import StreamState
from costmodel.emit.stream import StreamNetwork
from costmodel.errors import DataError
from search.live.feed import Fed, Feed
from search.train.answers import over_places

TRANSIENT, WARM_UP, STEADY = "transient", "warm-up", "steady"


@dataclass(frozen=True)
class Answer:
    """What the network answers to one frame of one source.

    Args:
        stream: the number of the source.
        fed: the frame.
        about: seconds of the frame that the answer is aligned with: the network looks ahead by the rest.
        frames: that the stream has seen.
        phase: `transient` before there is an answer, `warm-up` while it depends on what stood ahead of the
            first frame, `steady`.
        scores: from 0 to 1 of each class; none in the transient.
        latency: seconds from the frame to its answer.
    """

    stream: int
    fed: Fed
    about: Fraction
    frames: int
    phase: str
    scores: Tensor | None
    latency: float


@dataclass
class Tally:
    """What a run came to.

    Args:
        frames: of all sources that were answered or fed.
        steps: of the batch.
        seconds: of the loop.
        settled_frames: of them those in steps where no stream was young.
        settled_seconds: of these steps.
        missed: ticks of live sources without a frame; their last one stood in.
    """

    frames: int = 0
    steps: int = 0
    seconds: float = 0.0
    settled_frames: int = 0
    settled_seconds: float = 0.0
    missed: int = 0


@dataclass
class Live:
    """A network on sources; each joins, leaves and begins anew by itself.

    Args:
        network: the stream.
        runner: what runs it, on a backend.
        feeds: the sources, one for each stream of the batch.
        rate: of the network, frames a second.
        device: where it runs.
    """

    network: StreamNetwork
    runner: Runner
    feeds: Sequence[Feed]
    rate: Fraction
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        figures = Figures(self.network.graph)
        self.delay = int(metric(figures, "delay"))
        field_of_view = metric(figures, "receptive_field")
        self.steady = None if field_of_view == inf else int(field_of_view)
        self._behind = self.delay / self.rate  # seconds
        source = self.network.graph.source
        nothing = torch.zeros(int(source.channels), int(source.height), int(source.width))
        self._last = [nothing] * len(self.feeds)
        self._state: StreamState | None = None
        self._waiting: list[tuple[Sequence[Fed | None], Tensor]] = []
        self._live = [feed for feed in self.feeds if feed.is_live]
        self._due = 0.0

    def answers(self, seconds: float = inf) -> Iterator[Answer]:
        """The answers as they come, until all sources have ended, or for so many seconds.

        Raises:
            DataError: none of them can be opened.
        """
        for feed in self.feeds:
            feed.start()
        began = perf_counter()
        try:
            while perf_counter() - began < seconds:
                start = perf_counter()
                fed = self._collected()
                if not any(fed):
                    self._must_have_one()
                    if all(feed.ended for feed in self.feeds):
                        yield from self._run()
                        return
                    if not any(feed.is_playing for feed in self._live):
                        continue  # no camera is there
                yield from self._stepped(fed)
                self._count(fed, perf_counter() - start)
                self.tally.seconds = perf_counter() - began
        finally:
            for feed in self.feeds:
                feed.stop()

    def _must_have_one(self) -> None:
        """Raises where no source can be opened; what has been there once may come again."""
        if all(feed.troubles and not feed.joined for feed in self.feeds):
            troubles = [trouble for feed in self.feeds for trouble in feed.troubles]
            raise DataError(troubles[0] if len(troubles) == 1 else "--source: none of them can be played")

    def _collected(self) -> list[Fed | None]:
        """The next frame of each source; of a live one if it comes within the time of its tick."""
        tick, now = float(1 / self.rate), perf_counter()
        # half a tick late is in time, else a camera's own unevenness would add frames to its stream
        due = max(self._due, now) if self._live else None
        found = [
            feed.take(max(due - perf_counter(), 0) if due is not None and feed.is_live else None)
            for feed in self.feeds
        ]
        came = any(each is not None for each, feed in zip(found, self.feeds, strict=True) if feed.is_live)
        self._due = perf_counter() + 1.5 * tick if came else max(self._due, now) + tick
        return found

    def _stepped(self, fed: Sequence[Fed | None]) -> list[Answer]:
        # where a live source has none its last frame stands, so that time goes on
        self._last = [
            last if each is None else each.values for last, each in zip(self._last, fed, strict=True)
        ]
        starting = [number for number, each in enumerate(fed) if each is not None and each.starts]
        # What waits is of the recording before.
        found = self._run() if starting else []
        self._restart(starting)
        self._waiting.append((fed, _together(self._last, 0).to(self.device)))
        return found if len(self._waiting) < self._frames_of_step() else [*found, *self._run()]

    def _frames_of_step(self) -> int:
        """The frames of a chunk; behind a start in the middle of a cycle those that are left of it."""
        chunk = self.network.graph.chunk
        # one by one at every phase: each frame's work is done, and an answer given, when that frame comes
        behind = 0 if self._state is None or chunk == 1 else self._state.step % self.network.cycle
        return self.network.cycle - behind if behind else chunk

    @torch.no_grad()
    def _run(self) -> list[Answer]:
        """The answers to the frames that wait."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        frames = _together([frame for _, frame in waiting], 2)
        state = self._state or self.network.initial_state(len(self.feeds), frames[:, :, 0])
        outputs, valid, self._state = self.runner.chunk(frames, state)
        scores = [] if outputs is None else [_scores(each) for each in outputs.unbind(2)]
        answered = self._answered(state.step, len(waiting), len(scores))
        now, found = perf_counter(), list[Answer]()
        for place, (fed, _) in enumerate(waiting):
            at = answered.get(place)
            for number, each in enumerate(fed):
                if each is not None:
                    is_valid = at is not None and bool(valid[number, at])
                    mine = scores[at][number] if is_valid and at is not None else None
                    seen = max(self._state.ages[number] - (len(waiting) - 1 - place), 0)
                    found.append(self._answer(number, each, seen, mine, now))
        return found

    def _answered(self, first: int, frames: int, outputs: int) -> dict[int, int]:
        """Of the frames from a step on that are answered, the number of their output: the last have one."""
        cycle, program = self.network.cycle, self.network.program
        due = [place for place in range(frames) if program.answers((first + place) % cycle)]
        return {place: number for number, place in enumerate(due[len(due) - outputs :])}

    def _restart(self, streams: Sequence[int]) -> None:
        """Lets streams forget the recording before, the others going on."""
        if not streams or self._state is None:
            return
        if len(streams) == len(self.feeds):
            self._state = None
            return
        self.network.set_state(self._state)
        self.network.reset(streams)
        self._state = self.network.get_state()

    def _answer(self, stream: int, fed: Fed, seen: int, scores: Tensor | None, now: float) -> Answer:
        is_steady = self.steady is not None and seen >= self.steady
        phase = TRANSIENT if seen <= self.delay else STEADY if is_steady else WARM_UP
        about = fed.seconds - self._behind
        return Answer(stream, fed, about, seen, phase, scores, now - fed.ready)

    def _count(self, fed: Sequence[Fed | None], seconds: float) -> None:
        number = sum(each is not None for each in fed)
        self.tally.frames += number
        self.tally.steps += 1
        waited = zip(fed, self.feeds, strict=True)
        self.tally.missed += sum(each is None and feed.is_live and feed.is_playing for each, feed in waited)
        if self._state is not None and min(self._state.ages) > self.network.program.settled:
            self.tally.settled_frames += number
            self.tally.settled_seconds += seconds


def _together(tensors: Sequence[Tensor], axis: int) -> Tensor:
    """Tensors along a new axis; a single one is not copied."""
    return tensors[0].unsqueeze(axis) if len(tensors) == 1 else torch.stack(tuple(tensors), axis)


def _scores(output: Tensor) -> Tensor:
    """From 0 to 1 for each class of each stream."""
    return torch.softmax(over_places(output).float(), 1).cpu()
