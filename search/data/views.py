"""From videos to clips: which frames, at which scale, and which part of them.

A clip is a tensor (clips, channels, time, height, width) of floats about zero, laid out with channels
last, the faster layout for 3D convolutions on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from search.data.base import Frames, Videos
from search.data.cut import Cut, cut_of, resized, resized_frames
from search.data.file_videos import FileVideos

if TYPE_CHECKING:
    from search.data.changes import Changes

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

    def times(self, starts: Numbers, lengths: Numbers, *, holds: bool = False) -> Numbers:
        """The frames (clips, time) of clips from `starts`; short videos loop (Kopuklu 2019, sec. 3.2).

        Args:
            starts: the first frame of each clip.
            lengths: of the videos.
            holds: whether a short video goes on with its last frame, in place of looping.
        """
        steps = starts[:, None] + np.array([int(i * self.every) for i in range(self.frames)])
        return np.asarray(np.minimum(steps, lengths[:, None] - 1) if holds else steps % lengths[:, None])


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
    scale: float | Sequence[float] = float(TEST_SCALE),
    mirror: bool,
    device: str = "cpu",
) -> Tensor:
    """Clips at a random time, a random crop and, with `mirror`, half of them mirrored."""
    return begun(videos, training_cut(videos, index, view, random, scale=scale, mirror=mirror), device)()


def training_cut(
    videos: Videos,
    index: Numbers,
    view: View,
    random: np.random.Generator,
    *,
    scale: float | Sequence[float] = float(TEST_SCALE),
    mirror: bool,
    changes: Changes | None = None,
) -> Cut:
    """Which clips a network learns from: all that is random of them.

    Deviates from Feichtenhofer 2020, sec. 4, for videos of one size that are held in memory: one scale holds
    for a batch, not for a clip, so that a batch is resized at once.
    """
    lengths = videos.lengths[index]
    # a video shorter than a clip starts at its first frame, and loops
    starts = random.integers(0, np.maximum(lengths - view.span, 0) + 1)
    sizes = sizes_of(videos, index)
    scales = [scale] * len(index) if isinstance(scale, float | int) else scale
    windows = _windows(sizes, view, scales)
    corners = random.integers(0, sizes - windows + 1, (len(index), 2))
    mirrored = (random.uniform(size=len(index)) < 0.5) & mirror
    # drawn last, and only where they are used: trainings without them draw what they always drew
    seeds = None if changes is None else (changes, random.integers(0, 1 << 62, len(index)))
    boxes = np.concatenate([corners, windows], axis=1)
    return Cut(index, view.times(starts, lengths), boxes, (view.height, view.width), mirrored, seeds)


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
    free = np.maximum(videos.lengths[index] - view.span, 0)
    starts = np.floor(free * float(at) + 0.5).astype(np.int64)
    times = evaluated_times(videos, index, view, starts)
    return clips_at(videos, index, times, view, across=across, scale=scale, device=device)


def evaluated_times(videos: Videos, index: Numbers, view: View, starts: Numbers) -> Numbers:
    """The frames (clips, time) of clips that are evaluated.

    A video in a file that is shorter than a clip goes on with its last frame  (Hedegaard 2022, sec. 4.1); one
    that is held in memory loops.
    """
    return view.times(starts, videos.lengths[index], holds=isinstance(videos, FileVideos))


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
    sizes = sizes_of(videos, index)
    windows = _windows(sizes, view, [float(scale)] * len(index))
    free, wide = sizes - windows, (sizes[:, 1] >= sizes[:, 0])[:, None]
    moved = np.array([[int(side * across) for side in each] for each in free.tolist()])
    # along the longer side as asked for, in the middle of the shorter one
    corners = np.where(wide == np.array([False, True]), moved, free // 2)
    boxes = np.concatenate([corners, windows], axis=1)
    cut = Cut(index, times, boxes, (view.height, view.width), np.zeros(len(index), np.bool_))
    return begun(videos, cut, device)()


def begun(videos: Videos, cut: Cut, device: str = "cpu") -> Callable[[], Tensor]:
    """Begins to read clips; they are there when what it gives is called."""
    reading = videos.begun(cut) if isinstance(videos, FileVideos) else lambda: _of_one_size(videos, cut)

    def clips() -> Tensor:
        frames = reading()
        # a view from right to left has no place in a tensor: written over
        frames[cut.mirrored] = frames[cut.mirrored, :, :, ::-1]
        return _clips(frames, cut, device)

    return clips


def sizes_of(videos: Videos, index: Numbers) -> Numbers:
    """Height and width (clips, 2) of the videos `index`."""
    if isinstance(videos, FileVideos):
        return np.asarray(videos.sizes[index])
    return np.full((len(index), 2), (videos.height, videos.width))


def positions(number: int) -> Sequence[Fraction]:
    """`number` places, evenly from the start of a video to its end; one place is the middle."""
    if number == 1:
        return (Fraction(1, 2),)
    return tuple(Fraction(place, number - 1) for place in range(number))


def _windows(sizes: Numbers, view: View, scales: Sequence[float]) -> Numbers:
    """The pixels (clips, 2), down and across, that become a clip of each size and scale."""
    known: dict[tuple[int, int, float], tuple[int, int]] = {}
    rows = [(height, width, scale) for (height, width), scale in zip(sizes.tolist(), scales, strict=True)]
    for row in rows:
        known[row] = known.get(row) or _window(*row, view)
    return np.array([known[row] for row in rows])


def _window(tall: int, wide: int, scale: float, view: View) -> tuple[int, int]:
    """The pixels, down and across, that become a clip; the whole shorter side is `scale` times as long."""
    shrunk = min(tall, wide) / (scale * min(view.height, view.width))
    shrunk = min(shrunk, tall / view.height, wide / view.width)
    height, width = (max(round(side * shrunk), 1) for side in (view.height, view.width))
    return min(height, tall), min(width, wide)


def _of_one_size(videos: Videos, cut: Cut) -> Frames:
    frames = videos.frames(cut.index, cut.times)
    if cut.changes is None:
        return cut_of(frames, cut)
    # colours are changed at the size that the network sees, as those of files are
    return np.stack([resized_frames(each, cut.size) for each in cut_of(frames, cut)])


def _clips(frames: Frames, cut: Cut, device: str) -> Tensor:
    """Frames (clips, time, height, width, channels) as clips of the view's size, channels last."""
    pixels = torch.from_numpy(frames).to(device).movedim(-1, 2)
    pixels = resized(pixels, cut.size)
    if cut.changes is not None:
        changes, seeds = cut.changes
        pixels = torch.stack([changes(clip, seed) for clip, seed in zip(pixels, seeds.tolist(), strict=True)])
    values = (pixels.float() / 255 - MEAN) / DEVIATION
    return values.movedim(1, 2).contiguous(memory_format=torch.channels_last_3d)


def centre_box(height: int, width: int, view: View) -> tuple[int, int, int, int]:
    """Top, left, height and width of the part that `centre_clips` shows of a frame."""
    tall, wide = _window(height, width, float(TEST_SCALE), view)
    # both sides rounded as `clips_at` rounds them
    return (height - tall) // 2, (width - wide) // 2, tall, wide
