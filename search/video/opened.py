"""A video file, opened without trusting it: what it says of its size is looked at before it is believed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.errors import DataError
from costmodel.files import open_file

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".avi", ".webm", ".mkv", ".mpg", ".mpeg", ".ts", ".m2ts", ".wmv", ".asf"),
    *(".flv", ".3gp", ".ogv"),
)
# FFmpeg looks at the content, not at the name: without this list a text called `a.mp4` could be a playlist
# that opens other files, or addresses of the net.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm,mpeg,mpegts,asf,flv,ogg"
SAFELY = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
MOST_PIXELS = 1 << 24  # of one frame: 4096 x 4096
ATTACHED_PICTURE = 0x400  # the cover of a piece of music


def library() -> tuple[type[Exception], ...]:
    """Loads PyAV; gives the errors that it raises on files that are broken or away.

    Raises:
        DataError: it is not installed.
    """
    try:
        import av
    except ImportError:
        raise DataError(
            "video files need PyAV, which is not installed: pip install 'costmodel[video]'"
        ) from None
    return (OSError, ValueError, av.error.FFmpegError)


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and the video stream of a file, one thread decoding.

    Raises:
        DataError: it is no video that can be decoded; says why in one line.
    """
    broken = library()
    import av

    try:
        with open_file(path) as file:  # a pipe would be waited for
            is_empty = not file.read(1)
        if is_empty:
            raise DataError(f"{path}: is empty, expected a video")
        container = av.open(f"file:{path}", options=SAFELY)
    except broken as error:
        raise DataError(f"{path}: not a video ({reason(error)})") from error
    with container:
        yield container, _stream(path, container)


def _stream(path: Path, container: InputContainer) -> VideoStream:
    streams = [each for each in container.streams.video if not int(each.disposition) & ATTACHED_PICTURE]
    if not streams:
        raise DataError(f"{path}: has no video{', sound alone' * bool(container.streams.audio)}")
    stream = streams[0]
    if stream.codec_context is None:
        raise DataError(f"{path}: its codec is not known")
    must_be_small(path, stream.width, stream.height)
    # With threads for frames a decoder runs ahead of what is asked for. Whoever wants more speed decodes
    # several files at once.
    stream.codec_context.thread_count = 1
    return stream


def unit_of(stream: VideoStream) -> Fraction:
    """The seconds that one step of a stream's timestamps takes."""
    return stream.time_base or Fraction(1, 1_000_000)


def must_be_small(path: Path, width: int, height: int) -> None:
    """Raises unless frames have a size that can be held.

    Raises:
        DataError: they have none, or are larger than 4096 x 4096 pixels.
    """
    if width < 1 or height < 1 or width * height > MOST_PIXELS:
        raise DataError(f"{path}: frames of {width} x {height} pixels, expected 1 to {MOST_PIXELS} pixels")


def reason(error: Exception) -> str:
    """What an error says, in one short line."""
    told = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(told).splitlines()[0][:200].lower()
