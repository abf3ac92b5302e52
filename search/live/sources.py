"""Where frames come from: files, folders of them, cameras, addresses, and frames made up for trials."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from costmodel.errors import DataError, OptionError
from search.video.decode import Pixels, stream_frames, time_of, upright
from search.video.opened import SUFFIXES, library, must_be_small, reason, unit_of

if TYPE_CHECKING:
    from av.container import InputContainer

# What gives a frame's pixels: most frames of a camera are none of the network's, and need no colours.
Frame = Callable[[], Pixels]
Timed = tuple[Fraction, Frame]  # seconds from the first frame of its recording, and the frame
ADDRESS = re.compile(r"(https?|rtsp|rtmp|udp|tcp)://.+")
CAMERA = re.compile(r"camera:(\d{1,3})")
SYNTHETIC = re.compile(r"synthetic:(\d{1,9})(?::(\d{1,4})x(\d{1,4}))?")
# Not `file`: a list that an address gives may name further addresses, and nothing on this machine.
NET = {"protocol_whitelist": "http,https,tcp,tls,udp,rtp,rtsp,rtmp,hls,crypto,httpproxy"}
WEB = re.compile(r"https?://")
AHEAD = (
    "; expected an MP4 whose index comes first (ffmpeg -movflags faststart), or a server that sends parts of "
    "a file"
)
PERIOD = 64  # frames after which made-up frames come again
EXPECTED = "expected a video, a folder of them, camera:N, an address such as rtsp://..., or synthetic:FRAMES"


@dataclass(frozen=True)
class Source:
    """A source as it was named.

    Args:
        name: as given.
        recordings: what is played one after the other, each a stream of its own.
        is_live: whether frames come when they come, so that what is missed is lost; it is opened again where
            it breaks off.
    """

    name: str
    recordings: tuple[str, ...]
    is_live: bool = False


def source_of(text: str) -> Source:
    """The source that a text names.

    Raises:
        OptionError: it names none.
    """
    if CAMERA.fullmatch(text) or ADDRESS.fullmatch(text):
        return Source(text, (text,), is_live=True)
    if SYNTHETIC.fullmatch(text):
        return Source(text, (text,))
    path = Path(text)
    if path.is_dir():
        files = sorted(str(each) for each in path.rglob("*") if each.suffix.lower() in SUFFIXES)
        if not files:
            raise OptionError(f"--source: {text}: no videos in it, {EXPECTED}")
        return Source(text, tuple(files))
    if not path.exists():
        raise OptionError(f"--source: {text!r} is not there, {EXPECTED}")
    return Source(text, (text,))


def must_be_there(source: Source) -> None:
    """Refuses a camera that is not there: ahead of a network that takes long to prepare for it.

    Raises:
        DataError: there is no such camera.
    """
    camera = CAMERA.fullmatch(source.name)
    if camera is None:
        return
    place, _ = _camera(source.name, int(camera[1]))
    if not Path(place).exists():
        raise DataError(f"{source.name}: is not there; expected a camera at {place}")


def frames_of(recording: str) -> Iterator[Timed]:
    """The frames of one recording, upright, with their seconds from the first one on.

    Raises:
        DataError: it cannot be opened, or breaks off.
    """
    made_up = SYNTHETIC.fullmatch(recording)
    if made_up:
        number, width, height = (int(each or 0) for each in made_up.groups())
        return synthetic(number, height or 64, width or 64)
    camera = CAMERA.fullmatch(recording)
    if camera:
        return _opened(recording, *_camera(recording, int(camera[1])))
    if ADDRESS.fullmatch(recording):
        return _opened(recording, recording, None)
    path = Path(recording)
    return ((seconds, partial(upright, path, frame)) for seconds, frame in stream_frames(path))


def synthetic(number: int, height: int, width: int, rate: int = 30) -> Iterator[Timed]:
    """Frames made up for trials: a square that moves over grey; they come again after `PERIOD` frames."""
    side = max(min(height, width) // 4, 1)
    frames = np.full((PERIOD, height, width, 3), 90, np.uint8)
    for at, frame in enumerate(frames):
        top, left = at * (height - side) // PERIOD, (at * 5) % max(width - side, 1)
        frame[top : top + side, left : left + side] = (220, 3 * at, 255 - 3 * at)
    for at in range(number):
        yield Fraction(at, rate), partial(frames.__getitem__, at % PERIOD)


def _camera(name: str, number: int) -> tuple[str, str]:
    if not sys.platform.startswith("linux"):
        raise DataError(f"{name}: cameras are read through Video4Linux, on Linux; give an address")
    return f"/dev/video{number}", "v4l2"


def _opened(name: str, place: str, format: str | None) -> Iterator[Timed]:
    library()
    import av

    try:
        options = {} if format else NET
        container = av.open(place, format=format, options=options, timeout=(10.0, 10.0))
    except library() as error:
        wanted = f"; expected a camera at {place}" if format else ""
        raise DataError(f"{name}: cannot be opened ({reason(error)}){wanted}") from error
    with container:
        yield from _decoded(name, container)


def _decoded(name: str, container: InputContainer) -> Iterator[Timed]:
    if not container.streams.video:
        raise DataError(f"{name}: has no video")
    stream = container.streams.video[0]
    must_be_small(Path(name), stream.width, stream.height)
    # Frames that need no decoder lie in a camera's own memory, and one that is let go of behind the camera's
    # end is given back to a driver that is gone: FFmpeg ends the process.
    is_lent = stream.codec_context.name == "rawvideo"
    first = None
    try:
        for frame in container.decode(stream):
            first = time_of(frame) if first is None else first
            seconds, pixels = (time_of(frame) - first) * unit_of(stream), partial(upright, Path(name), frame)
            if is_lent:
                pixels = partial(_known, pixels())
            del frame
            yield seconds, pixels
    except library() as error:
        hint = AHEAD if first is None and WEB.match(name) else ""
        raise DataError(f"{name}: breaks off ({reason(error)}){hint}") from error


def _known(pixels: Pixels) -> Pixels:
    return pixels
