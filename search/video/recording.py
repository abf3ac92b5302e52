"""A clip on disk, whatever it is stored as, and its frames at given moments.

A video file knows its own rate; an array of frames and a folder of images take one that they are told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import DataError
from search.video.decode import Decoded, Pixels, frames_at
from search.video.opened import SUFFIXES
from search.video.probe import probe

Box = tuple[int, int, int, int]  # top, left, height, width


@dataclass(frozen=True)
class Recording:
    """A clip on disk.

    Args:
        path: of a file, or of a folder of images.
        kind: what it is stored as.
        height: of its frames as they are shown.
        width: likewise.
        seconds: how long it is.
        begin: seconds into the file at which it begins, where it is a part of it.
        start: timestamp of the file's first frame, in its own units.
        rate: frames a second; of a video as the file says.
        damage: in words, what is missing of it.
    """

    path: Path
    kind: Literal["video", "images", "array"]
    height: int
    width: int
    seconds: Fraction
    begin: Fraction = Fraction(0)
    start: int = 0
    rate: Fraction | None = None
    damage: str = ""

    def part(self, first: Fraction, last: Fraction) -> Recording:
        """The recording between two moments, where it reaches that far; the whole one otherwise."""
        if not first < last <= self.seconds + 1:
            return self
        return replace(self, begin=first, seconds=min(last, self.seconds) - first)


def recording(path: Path, rate: Fraction) -> Recording:
    """What is known of a clip.

    Args:
        path: of a file, or of a folder of images.
        rate: frames a second of what does not know its own.

    Raises:
        DataError: it is none that can be read.
    """
    if path.suffix.lower() in SUFFIXES:
        known = probe(path)
        return Recording(
            path,
            "video",
            known.height,
            known.width,
            known.seconds,
            start=known.start,
            rate=known.rate,
            damage=known.damage,
        )
    # not at the top: what reads arrays and images stands beside what loads torch
    from search.data.clip_files import image_of, images_of, read

    if path.is_dir():
        files = images_of(path)
        height, width = image_of(files[0]).shape[:2]
        return Recording(path, "images", height, width, len(files) / rate, rate=rate)
    frames, height, width = read(path).shape[:3]
    return Recording(path, "array", height, width, frames / rate, rate=rate)


def taken(clip: Recording, moments: Sequence[Fraction], box: Box) -> Decoded:
    """A part of the frames nearest to moments of a clip, in red, green and blue.

    Raises:
        DataError: not one frame can be read.
    """

    def keep(frame: Pixels) -> Pixels:
        top, left, height, width = box
        # a copy, so that of each frame the part alone stays in memory
        return frame[top : top + height, left : left + width].copy()

    if clip.kind == "video":
        return frames_at(clip.path, [clip.begin + moment for moment in moments], clip.start, keep)
    assert clip.rate is not None
    # the earlier one of two that are equally near, as for videos
    wanted = [math.ceil((clip.begin + moment) * clip.rate - Fraction(1, 2)) for moment in moments]
    return _stored(clip, np.maximum(wanted, 0), box)


def _stored(clip: Recording, numbers: NDArray[np.int64], box: Box) -> Decoded:
    from search.data.clip_files import image_of, images_of, read

    top, left, height, width = box
    if clip.kind == "array":
        frames = read(clip.path)
        chosen = frames[np.minimum(numbers, len(frames) - 1), top : top + height, left : left + width]
    else:
        files = images_of(clip.path)
        images = {
            number: image_of(files[number]) for number in {*np.minimum(numbers, len(files) - 1).tolist()}
        }
        if any(each.shape[:2] != (clip.height, clip.width) for each in images.values()):
            raise DataError(f"{clip.path}: images of several sizes, expected frames of one")
        whole = np.stack([images[number] for number in np.minimum(numbers, len(files) - 1).tolist()])
        chosen = whole[:, top : top + height, left : left + width]
    # grey in three channels; of four the last says how much shines through
    coloured = np.broadcast_to(
        chosen[..., :3] if chosen.shape[-1] > 2 else chosen[..., :1], (*chosen.shape[:3], 3)
    )
    return Decoded(list(np.ascontiguousarray(coloured)), decoded=len(np.unique(numbers)))
