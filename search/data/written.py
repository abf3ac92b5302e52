"""The moving digits as video files, so that all that works on files can be tried in minutes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from costmodel.errors import DataError
from search.data.base import Frames
from search.data.digits import CLASSES, MovingDigits
from search.video.opened import library

if TYPE_CHECKING:
    from av.container import OutputContainer

RATE = 30
VALIDATED = 5  # every fifth video


@dataclass(frozen=True)
class Written:
    """A video that was written: its file, part and class."""

    path: Path
    part: str
    label: str


def write_digits(
    folder: Path, videos: int, seed: int = 0, length: int = 32, size: int = 40
) -> Iterator[Written]:
    """Writes moving digits in folders `train/CLASS` and `val/CLASS`, as H.264 at 30 frames a second.

    Raises:
        DataError: PyAV is not installed, or a file cannot be written.
    """
    library()
    validated = videos // VALIDATED
    parts = {
        "train": MovingDigits("train", videos - validated, seed, length, size),
        "val": MovingDigits("validation", validated, seed, length, size),
    }
    for part, drawn in parts.items():
        times = np.arange(length)[None]
        for number in range(len(drawn.labels)):
            label = CLASSES[int(drawn.labels[number])]
            path = folder / part / label / f"{number:05d}.mp4"
            write_video(path, drawn.frames(np.array([number]), times)[0])
            yield Written(path, part, label)


def write_video(path: Path, frames: Frames, rate: Fraction = Fraction(RATE)) -> None:
    """Writes frames (time, height, width, 1 or 3) as an H.264 video.

    Raises:
        DataError: it cannot be written.
    """
    import av

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # beside its place: a run that is killed leaves no half of a video
        waiting = path.with_name(f".{path.name}.part")
        with av.open(str(waiting), "w", format="mp4") as container:
            _encode(container, frames, rate)
        waiting.replace(path)
    except library() as error:
        told = getattr(error, "strerror", None) or error
        raise DataError(f"{path}: cannot be written, {told}") from error


def _encode(container: OutputContainer, frames: Frames, rate: Fraction) -> None:
    import av

    stream = container.add_stream("libx264", rate=rate, options={"crf": "18", "preset": "veryfast"})
    stream.height, stream.width, stream.pix_fmt = frames.shape[1], frames.shape[2], "yuv420p"
    for number, pixels in enumerate(frames):
        grey = pixels.shape[-1] == 1
        frame = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(pixels[..., 0] if grey else pixels), "gray" if grey else "rgb24"
        )
        frame.pts, frame.time_base = number, 1 / rate
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
