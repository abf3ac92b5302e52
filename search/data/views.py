"""From videos to clips: which frames, at which scale, and which part of them.

A clip is a tensor (clips, channels, time, height, width) of floats about zero, laid out with channels
last, the faster layout for 3D convolutions on a CPU.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from search.data.base import Frames, Videos

Numbers = NDArray[np.int64]

# The shorter side is scaled to 128 where the network sees 112  (Feichtenhofer 2020, sec. 4).
TEST_SCALE = Fraction(128, 112)
MEAN, DEVIATION = 0.45, 0.225  # of pixel values in 0 to 1, as the video networks of the papers take them


@dataclass(frozen=True)
class View:
    """What a network looks at: `frames` frames, one in `every`, of `height` x `width` pixels."""

    frames: int
    every: Fraction
    height: int
    width: int

    @property
    def span(self) -> int:
        """Video frames from the first to the last that it looks at."""
        return int((self.frames - 1) * self.every) + 1

    def times(self, starts: Numbers, lengths: Numbers) -> Numbers:
        """The frames (clips, time) of clips from `starts`; short videos loop (Kopuklu 2019, sec. 3.2)."""
        steps = np.array([int(i * self.every) for i in range(self.frames)])
        return np.asarray((starts[:, None] + steps) % lengths[:, None])


def batches(number: int, size: int, random: np.random.Generator | None = None) -> Iterator[Numbers]:
    """The numbers below `number` in batches, in random order where a generator is given.

    A last batch of one clip alone is left out when the order is random: it has no batch statistics. Where
    every batch is of one clip, all are kept.
    """
    order = np.arange(number) if random is None else random.permutation(number)
    for first in range(0, number, size):
        batch = order[first : first + size]
        if random is None or len(batch) > 1 or 1 in (number, size):
            yield batch


def training_clips(
    videos: Videos,
    index: Numbers,
    view: View,
    random: np.random.Generator,
    *,
    scale: float = float(TEST_SCALE),
    mirror: bool,
    device: str = "cpu",
) -> Tensor:
    """Clips at a random time, a random crop and, with `mirror`, half of them mirrored.

    Deviates from Feichtenhofer 2020, sec. 4: one scale holds for a batch, not for a clip, so that a
    batch is resized at once.
    """
    lengths = videos.lengths[index]
    # a video shorter than a clip starts at its first frame, and loops
    starts = random.integers(0, np.maximum(lengths - view.span, 0) + 1)
    window = _window(videos, view, scale)
    free = (videos.height - window[0], videos.width - window[1])
    corners = random.integers(0, np.array(free) + 1, (len(index), 2))
    mirrored = (random.uniform(size=len(index)) < 0.5) & mirror
    frames = _cut(videos.frames(index, view.times(starts, lengths)), corners, window)
    frames[mirrored] = frames[mirrored, :, :, ::-1]
    return _clips(frames, view, device)


def centre_clips(
    videos: Videos,
    index: Numbers,
    view: View,
    *,
    at: Fraction = Fraction(1, 2),
    across: Fraction = Fraction(1, 2),
    scale: Fraction = TEST_SCALE,
    device: str = "cpu",
) -> Tensor:
    """Clips at one place of their videos: `at` of the way through time, `across` the longer side."""
    lengths = videos.lengths[index]
    free = np.maximum(lengths - view.span, 0)
    starts = np.floor(free * float(at) + 0.5).astype(np.int64)
    return clips_at(
        videos, index, view.times(starts, lengths), view, across=across, scale=scale, device=device
    )


def clips_at(
    videos: Videos,
    index: Numbers,
    times: Numbers,
    view: View,
    *,
    across: Fraction = Fraction(1, 2),
    scale: Fraction = TEST_SCALE,
    device: str = "cpu",
) -> Tensor:
    """Clips of the frames `times` (clips, time), cropped at `across` of the longer side."""
    window = _window(videos, view, float(scale))
    free = (videos.height - window[0], videos.width - window[1])
    wide = videos.width >= videos.height
    top = free[0] // 2 if wide else int(free[0] * across)
    left = int(free[1] * across) if wide else free[1] // 2
    frames = videos.frames(index, times)[:, :, top : top + window[0], left : left + window[1]]
    return _clips(np.ascontiguousarray(frames), view, device)


def positions(number: int) -> Sequence[Fraction]:
    """`number` places, evenly from the start of a video to its end; one place is the middle."""
    if number == 1:
        return (Fraction(1, 2),)
    return tuple(Fraction(place, number - 1) for place in range(number))


def _window(videos: Videos, view: View, scale: float) -> tuple[int, int]:
    """The pixels, down and across, that become a clip; the whole shorter side is `scale` times as long."""
    shrunk = min(videos.height, videos.width) / (scale * min(view.height, view.width))
    shrunk = min(shrunk, videos.height / view.height, videos.width / view.width)
    height, width = (max(round(side * shrunk), 1) for side in (view.height, view.width))
    return min(height, videos.height), min(width, videos.width)


def _cut(frames: Frames, corners: Numbers, window: tuple[int, int]) -> Frames:
    """Of each clip's frames (clips, time, height, width, channels) the window at its corner."""
    height, width = window
    cut = np.empty((*frames.shape[:2], height, width, frames.shape[-1]), np.uint8)
    for clip, whole, (top, left) in zip(cut, frames, corners.tolist(), strict=True):
        clip[...] = whole[:, top : top + height, left : left + width]
    return cut


def _clips(frames: Frames, view: View, device: str) -> Tensor:
    """Frames (clips, time, height, width, channels) as clips of the view's size, channels last."""
    pixels = torch.from_numpy(frames).to(device).movedim(-1, 2)
    if pixels.shape[-2:] != (view.height, view.width):
        flat = pixels.flatten(0, 1)
        flat = _together(flat) if device == "cpu" else flat.float()  # only a CPU resizes whole numbers
        size = (view.height, view.width)
        resized = interpolate(flat, size, mode="bilinear", antialias=True, align_corners=False)
        pixels = resized.reshape(*pixels.shape[:3], *size)
    values = (pixels.float() / 255 - MEAN) / DEVIATION
    return values.movedim(1, 2).contiguous(memory_format=torch.channels_last_3d)


def _together(images: Tensor) -> Tensor:
    """Grey images (images, 1, height, width) as channels of fewer: four are resized as fast as one."""
    if images.shape[1] != 1:
        return images
    number = next(number for number in (4, 2, 1) if len(images) % number == 0)
    return images.reshape(-1, number, *images.shape[2:])
