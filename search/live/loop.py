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
        source = self.network.graph.source
        shape = (len(self.feeds), int(source.channels), int(source.height), int(source.width))
        self._batch = torch.zeros(shape)
        self._state: StreamState | None = None
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
            raise DataError(self.feeds[0].troubles[0])

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

    @torch.no_grad()
    def _stepped(self, fed: Sequence[Fed | None]) -> list[Answer]:
        for row, each in zip(self._batch, fed, strict=True):
            # where a live source has none its last frame stands, so that time goes on
            if each is not None:
                row.copy_(each.values)
        self._restart([number for number, each in enumerate(fed) if each is not None and each.starts])
        frame = self._batch.to(self.device)
        state = self._state or self.network.initial_state(len(self.feeds), frame)
        output, self._state = self.runner.step(frame, state)
        scores = None if output is None else torch.softmax(over_places(output).float(), 1).cpu()
        now = perf_counter()
        found = []
        for number, each in enumerate(fed):
            if each is not None:
                found.append(self._answer(number, each, scores, now))
        return found

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

    def _answer(self, stream: int, fed: Fed, scores: Tensor | None, now: float) -> Answer:
        assert self._state is not None
        seen = max(self._state.ages[stream], 0)
        is_valid = scores is not None and self._state.valid[stream]
        is_steady = self.steady is not None and seen >= self.steady
        phase = TRANSIENT if seen <= self.delay else STEADY if is_steady else WARM_UP
        about = fed.seconds - self.delay / self.rate
        mine = scores[stream] if is_valid and scores is not None else None
        return Answer(stream, fed, about, seen, phase, mine, now - fed.ready)

    def _count(self, fed: Sequence[Fed | None], seconds: float) -> None:
        assert self._state is not None
        number = sum(each is not None for each in fed)
        self.tally.frames += number
        self.tally.steps += 1
        waited = zip(fed, self.feeds, strict=True)
        self.tally.missed += sum(each is None and feed.is_live and feed.is_playing for each, feed in waited)
        if min(self._state.ages) > self.network.program.settled:
            self.tally.settled_frames += number
            self.tally.settled_seconds += seconds
