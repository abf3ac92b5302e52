"""Videos that tests encode: frames whose pixels say which frame they are, in several codecs and rates."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

MILLISECONDS = Fraction(1, 1000)
LOSSLESS = {
    "libx264rgb": {"crf": "0", "preset": "ultrafast"},
    "libx264": {"preset": "veryfast", "crf": "10", "bf": "3"},
}


def shown(number: int, height: int = 32, width: int = 48, first: int = 0) -> np.ndarray:
    """Frames (number, height, width, 3): the n-th is of a grey of its own, with a pattern that moves."""
    frames = np.zeros((number, height, width, 3), np.uint8)
    for at, frame in enumerate(frames):
        frame[:] = (first + at * 7) % 200
        frame[at % height // 2 : at % height // 2 + 4, :8] = (250, 40, 90)
        frame[-6:, -6:] = (10, 240, 200)
    return frames


def encode(
    path: Path,
    frames: np.ndarray,
    codec: str = "libx264rgb",
    rate: int | Fraction = 30,
    times: Sequence[int] | None = None,
    gop: int = 12,
    sound: bool = False,
) -> Path:
    """Writes frames as a video; `times` are milliseconds, where the rate varies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rate = Fraction(rate)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=LOSSLESS.get(codec, {}))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "rgb24" if codec == "libx264rgb" else "yuv420p"
        stream.codec_context.gop_size = gop
        unit = 1 / rate if times is None else MILLISECONDS
        if times is not None:
            stream.codec_context.time_base = unit
        if codec == "mpeg4":
            stream.bit_rate = 4_000_000
        heard = container.add_stream("aac", rate=8000) if sound else None
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = number if times is None else times[number], unit
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if heard is not None:
            _sound(container, heard)
    return path


def sound(path: Path) -> Path:
    """Writes a file with sound alone."""
    with av.open(str(path), "w") as container:
        _sound(container, container.add_stream("aac", rate=8000))
    return path


def _sound(container, stream) -> None:
    frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
    frame.sample_rate, frame.pts, frame.time_base = 8000, 0, Fraction(1, 8000)
    container.mux(stream.encode(frame))
    container.mux(stream.encode())


def turned(path: Path, quarters: int) -> Path:
    """Writes into an MP4 that its frames are shown turned clockwise, as telephones do."""
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 4 + 40  # version 0: the matrix stands behind 40 bytes
    one = 1 << 16
    matrix = {1: (0, one, 0, -one, 0, 0), 2: (-one, 0, 0, 0, -one, 0), 3: (0, -one, 0, one, 0, 0)}[quarters]
    for place, value in enumerate(matrix):
        content[at + 4 * place : at + 4 * place + 4] = value.to_bytes(4, "big", signed=True)
    path.write_bytes(content)
    return path
