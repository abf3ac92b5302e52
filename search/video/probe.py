"""What must be known of a video before clips are drawn from it: its size, how long it is, that it decodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.errors import DataError
from search.video.decode import time_of
from search.video.opened import library, must_be_small, opened, reason, unit_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

SHORT_BY = Fraction(1, 2)  # seconds that a file may end before it says so without being called damaged


@dataclass(frozen=True)
class Probe:
    """What is known of a video file, its first frame decoded.

    Args:
        height: of its frames as they are shown, turned upright.
        width: likewise.
        seconds: from its first frame to the end of its last one, by the timestamps in the file.
        start: timestamp of the first frame, in the stream's own units.
        rate: frames a second as the file says, None where it does not.
        damage: in words, what is missing of it; empty where nothing is.
    """

    height: int
    width: int
    seconds: Fraction
    start: int
    rate: Fraction | None
    damage: str = ""


def probe(path: Path) -> Probe:
    """What is known of a video: its first frame is decoded, its end is looked for without decoding.

    Raises:
        DataError: not one frame of it can be decoded.
    """
    with opened(path) as (container, stream):
        first = _first(path, container, stream)
        start, unit = time_of(first), unit_of(stream)
        said = _said(container, stream)
        last = _end(container, stream, said, start)
        must_be_small(path, first.width, first.height)
    end = last if last is not None and last > start else start + (first.duration or 1)
    seconds = (end - start) * unit
    upright = first.rotation % 180 == 0
    height, width = (first.height, first.width) if upright else (first.width, first.height)
    # only what the video stream says of itself is held against it: a file's sound may run on
    short = stream.duration is not None and said is not None and said - seconds > SHORT_BY
    damage = f"ends at {float(seconds):.1f} s of {float(said or 0):.1f} s" if short else ""
    return Probe(height, width, seconds, start, stream.average_rate, damage)


def _first(path: Path, container: InputContainer, stream: VideoStream) -> VideoFrame:
    import av

    try:
        for packet in container.demux(stream):
            try:
                for frame in packet.decode():
                    return frame
            except av.error.FFmpegError:
                continue  # a broken packet: the next keyframe may be whole
    except library() as error:
        raise DataError(f"{path}: not one frame can be decoded ({reason(error)})") from error
    raise DataError(f"{path}: not one frame can be decoded")


def _said(container: InputContainer, stream: VideoStream) -> Fraction | None:
    """How long the file says that it is, in seconds."""
    if stream.duration:
        return stream.duration * unit_of(stream)
    return Fraction(container.duration, 1_000_000) if container.duration else None


def _end(container: InputContainer, stream: VideoStream, said: Fraction | None, start: int) -> int | None:
    """The end of the last frame as its packets have it, which a header alone can claim anything of."""
    tail = None
    if said is not None:
        tail = _last(_packets(container, stream, start + int(said / unit_of(stream))))
    # from the start on, where there is nothing at the end that the header names: the file was cut off
    return _last(_packets(container, stream, start)) if tail is None else tail


def _packets(container: InputContainer, stream: VideoStream, at: int) -> Iterator[Packet[VideoStream]]:
    """Packets from the last keyframe ahead of a moment to the end; none where it cannot be found."""
    try:
        container.seek(at, stream=stream)
        yield from container.demux(stream)
    except library():  # as far as it can be read
        return


def _last(packets: Iterator[Packet[VideoStream]]) -> int | None:
    ends = ((each.pts if each.pts is not None else each.dts, each.duration or 0) for each in packets)
    return max((at + duration for at, duration in ends if at is not None), default=None)
