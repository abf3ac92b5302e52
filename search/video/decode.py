"""The frames of a video nearest to given moments: decoded from the keyframe before them, and no further."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import DataError
from search.video.convert import converted
from search.video.opened import library, must_be_small, opened, unit_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Pixels = NDArray[np.uint8]
MOST_DECODED = 100_000  # frames for one clip: a file may hold a keyframe at its start alone
SPARED = 4  # frames: for fewer it is quicker to decode on than to seek
BACK = (2, 20, 10**6)  # seconds to look further back for a keyframe; the last is the start of any file
LATE = Fraction(
    1, 10
)  # seconds behind the end of the last good frame from which on a frame counts as missing


@dataclass
class Decoded:
    """Frames of a clip, and what it took to get them.

    Args:
        frames: (height, width, 3) bytes each, in the order of the moments asked for.
        decoded: how many frames the decoder gave.
        broken: packets that could not be decoded.
        missing: moments behind the last frame that could be decoded, for which that frame stands.
    """

    frames: list[Pixels] = field(default_factory=list)
    decoded: int = 0
    broken: int = 0
    missing: int = 0


def frames_at(
    path: Path,
    moments: Sequence[Fraction],
    start: int = 0,
    keep: Callable[[Pixels], Pixels] = lambda frame: frame,
) -> Decoded:
    """The frame nearest to each moment, the earlier one of two that are equally near.

    Args:
        path: the file.
        moments: seconds from the first frame on, in any order.
        start: timestamp of the first frame (`Probe.start`).
        keep: what is kept of a frame, such as a part of it.

    Raises:
        DataError: not one frame could be decoded.
    """
    found = Decoded()
    with opened(path) as (container, stream):
        reader = _Reader(path, container, stream, found, MOST_DECODED)
        wanted = sorted(set(moments))
        times = [start + moment / unit_of(stream) for moment in wanted]
        chosen: dict[Fraction, Pixels] = {}
        before: VideoFrame | None = None
        kept: Pixels | None = None
        for moment, frame in zip(wanted, reader.nearest(times), strict=True):
            # slow videos show one frame at several moments
            if kept is None or frame is not before:
                kept = keep(upright(path, frame))
            before, chosen[moment] = frame, kept
    found.frames = [chosen[moment] for moment in moments]
    return found


def stream_frames(path: Path) -> Iterator[tuple[Fraction, VideoFrame]]:
    """Every frame of a video in order, with its seconds from the first one on, however long it is.

    Raises:
        DataError: it is no video.
    """
    with opened(path) as (container, stream):
        first = None
        for frame in _Reader(path, container, stream, Decoded(), inf).frames():
            first = time_of(frame) if first is None else first
            yield (time_of(frame) - first) * unit_of(stream), frame


def upright(path: Path, frame: VideoFrame) -> Pixels:
    """A frame in red, green and blue (height, width, 3), turned as the file asks for."""
    # a stream may change its size on the way, past what was looked at when it was opened
    must_be_small(path, frame.width, frame.height)
    pixels = np.asarray(converted(frame, "rgb24").to_ndarray(), np.uint8)
    quarters = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, quarters)) if quarters else pixels


def time_of(frame: VideoFrame) -> int:
    """The timestamp of a frame in its stream's units."""
    return frame.pts if frame.pts is not None else frame.dts or 0


class _Reader:
    """Moves through a video: forward by decoding, or to a keyframe where that skips frames."""

    def __init__(
        self, path: Path, container: InputContainer, stream: VideoStream, tally: Decoded, most: float
    ) -> None:
        self.path, self.container, self.stream, self.tally, self.most = path, container, stream, tally, most
        self.unit = unit_of(stream)
        entries = stream.index_entries
        first = entries[0].timestamp if len(entries) else 0
        # Seeking goes by the order of decoding, which runs ahead of the order of showing by so much.
        self.ahead = max((stream.start_time or 0) - first, 0)

    def frames(self) -> Iterator[VideoFrame]:
        """The frames from here on; broken packets are counted, and left out."""
        import av

        try:
            for packet in self.container.demux(self.stream):
                try:
                    frames = packet.decode()
                except av.error.FFmpegError:
                    self.tally.broken += 1
                    continue
                for frame in frames:
                    self.tally.decoded += 1
                    if self.tally.decoded > self.most:
                        return
                    yield frame
        except library():  # the file ends in the middle, or its disk is gone
            self.tally.broken += 1

    def nearest(self, times: Sequence[Fraction]) -> Iterator[VideoFrame]:
        """For each of the ascending times the nearest frame; behind the end the last one."""
        frames: Iterator[VideoFrame] = iter(())
        before: VideoFrame | None = None
        after: VideoFrame | None = None
        for time in times:
            here = after or before
            if here is None or self._is_worth_seeking(time, here):
                frames, after = self._from(time)
            # Only a frame at or behind the moment shows that the one before it was the last ahead of it.
            while after is not None and time_of(after) < time:
                before, after = after, next(frames, None)
            yield self._nearer(time, before, after)

    def _is_worth_seeking(self, time: Fraction, here: VideoFrame) -> bool:
        """Whether a keyframe on the way to a moment spares the decoding of a few frames."""
        entries = self.stream.index_entries
        key = entries.search_timestamp(int(time) - self.ahead) if len(entries) else -1
        if key < 0:
            return False
        return bool(entries[key].timestamp - time_of(here) > SPARED * (here.duration or 1))

    def _from(self, time: Fraction) -> tuple[Iterator[VideoFrame], VideoFrame | None]:
        """The frames from the last keyframe ahead of a moment on, the first of them by itself."""
        for seconds in (0, *BACK):
            at = int(time) - self.ahead - int(seconds / self.unit)
            with suppress(*library()):  # a file without an index is read from where it stands
                self.container.seek(at, stream=self.stream)
            frames = self.frames()
            first = next(frames, None)
            # Where the index is coarse or wrong, seeking may have led past the moment.
            if first is not None and time_of(first) <= time:
                break
        return frames, first

    def _nearer(self, time: Fraction, before: VideoFrame | None, after: VideoFrame | None) -> VideoFrame:
        if before is None or (after is not None and time_of(after) - time < time - time_of(before)):
            if after is None:
                raise DataError(f"{self.path}: not one frame can be decoded")
            return after
        if after is None:
            behind = (time - time_of(before) - (before.duration or 0)) * self.unit
            self.tally.missing += behind > LATE
        return before
