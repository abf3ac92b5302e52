"""Frames of one source, decoded ahead in a thread of their own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from time import perf_counter

from torch import Tensor

from costmodel.errors import DataError
from search.live.pace import as_they_come, at_rate
from search.live.sources import Frame, Source, Timed, frames_of
from search.video.decode import Pixels

# Frames handed over at once: two threads that wait for each other at each take longer than a small network.
BLOCK = 8
AHEAD = 2 * BLOCK  # frames decoded ahead of the network
RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Fed:
    """A frame as the network is fed it.

    Args:
        recording: that it is of.
        seconds: from the first frame of its recording on.
        starts: whether it is the first of its recording, or the first after it was interrupted.
        values: (channels, height, width).
        ready: when it could be used, by `perf_counter`.
        pixels: as decoded, where they are wanted.
    """

    recording: str
    seconds: Fraction
    starts: bool
    values: Tensor = field(repr=False)
    ready: float
    pixels: Pixels | None = field(default=None, repr=False)


class Feed:
    """One source at a network's rate; a live one keeps its newest frame alone, and counts those it dropped.

    Args:
        source: where frames come from.
        rate: of the network, frames a second.
        framing: how frames become input, several of one recording at once.
        is_live: whether it keeps time: what comes while the network is busy is dropped.
        keeps_pixels: whether decoded frames are wanted too.
        tell: is told at once of what goes wrong.
    """

    def __init__(
        self,
        source: Source,
        rate: Fraction,
        framing: Callable[[Sequence[Pixels]], Sequence[Tensor]],
        *,
        is_live: bool,
        keeps_pixels: bool = False,
        tell: Callable[[str], object] = lambda text: None,
    ) -> None:
        self.source, self.rate, self.framing, self.tell = source, rate, framing, tell
        self.is_live = is_live or source.is_live
        self.keeps_pixels = keeps_pixels
        self.dropped = self.joined = 0
        self.troubles: list[str] = []
        self.ended = self.is_playing = False
        self._waiting: deque[Fed] = deque()
        self._changed = threading.Condition()
        self._leaves = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begins to decode."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._leaves.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def take(self, seconds: float | None = None) -> Fed | None:
        """The next frame; None where the source has ended, or has none within so many seconds."""
        if self.is_live or not self._waiting:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self.ended or self._leaves.is_set(), seconds)
                return self._waiting.popleft() if self._waiting else None
        found = self._waiting.popleft()
        if len(self._waiting) == AHEAD - BLOCK:  # there is room for a block again
            with self._changed:
                self._changed.notify_all()
        # what was decoded ahead waited for its turn, not for an answer
        return replace(found, ready=perf_counter())

    def _run(self) -> None:
        try:
            for recording in self._recordings():
                self._play(recording)
        finally:
            with self._changed:
                self.ended = True
                self._changed.notify_all()

    def _recordings(self) -> Iterator[str]:
        """What is played: each once, or what comes live again and again, as it may break off."""
        yield from self.source.recordings
        while self.source.is_live and not self._leaves.wait(RETRY_SECONDS):
            yield from self.source.recordings

    def _play(self, recording: str) -> None:
        try:
            starts = True
            for block in self._blocks(self._timed(frames_of(recording))):
                values = self.framing([frame for _, frame in block])
                now = perf_counter()
                self._put(
                    [
                        Fed(recording, seconds, starts and not place, each, now, self._kept(frame))
                        for place, ((seconds, frame), each) in enumerate(zip(block, values, strict=True))
                    ]
                )
                starts, self.is_playing = False, True
                if self._leaves.is_set():
                    return
        except DataError as error:
            # a camera that is away stays away for a while: said once
            if str(error) not in self.troubles:
                self.troubles.append(str(error))
                self.tell(str(error))
        finally:
            self.is_playing = False

    def _blocks(self, frames: Iterable[Timed]) -> Iterator[list[tuple[Fraction, Pixels]]]:
        """Frames together as they are handed over; those ahead of a break are, too."""
        block: list[tuple[Fraction, Pixels]] = []
        before: Frame | None = None
        trouble = None
        try:
            for seconds, frame in frames:
                # slow videos show one frame at several moments
                block.append((seconds, block[-1][1] if block and frame is before else frame()))
                before = frame
                if self.is_live or len(block) == BLOCK:
                    yield block
                    block = []
        except DataError as error:
            trouble = error
        if block:
            yield block
        if trouble is not None:
            raise trouble

    def _kept(self, frame: Pixels) -> Pixels | None:
        return frame if self.keeps_pixels else None

    def _timed(self, frames: Iterable[Timed]) -> Iterator[Timed]:
        if not self.is_live:
            yield from at_rate(frames, self.rate)
            return
        began = perf_counter()
        chosen = as_they_come(frames, self.rate) if self.source.is_live else at_rate(frames, self.rate)
        for seconds, frame in chosen:
            # a file, and some addresses, give frames faster than they happened
            self._leaves.wait(max(float(seconds) - (perf_counter() - began), 0))
            yield seconds, frame

    def _put(self, fed: Sequence[Fed]) -> None:
        with self._changed:
            self.joined += fed[0].starts
            if self.is_live and self._waiting:
                self.dropped += 1
                # the first frame may be the one that is dropped: its stream begins with the next one then
                with suppress(IndexError):
                    fed = [replace(fed[0], starts=fed[0].starts or self._waiting.pop().starts)]
            self._changed.wait_for(lambda: len(self._waiting) <= AHEAD - BLOCK or self._leaves.is_set())
            self._waiting.extend(fed)
            self._changed.notify_all()
