"""Which part of which frames becomes a clip: what is drawn at random, ahead of the pixels themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from search.data.base import Frames

# Torch loads where pixels are resized: what is known of a data set needs none.
if TYPE_CHECKING:
    from torch import Tensor

    from search.data.changes import Changes

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Cut:
    """Clips of videos, not decoded yet.

    Args:
        index: the video of each clip.
        times: frames (clips, time) of the videos, on their common clock.
        boxes: (clips, 4) top, left, height and width of the part, in the video's own pixels.
        size: height and width that it is resized to.
        mirrored: which clips are mirrored.
        changes: what happens to the colours, and the seed of each clip's own.
    """

    index: Numbers
    times: Numbers
    boxes: Numbers
    size: tuple[int, int]
    mirrored: NDArray[np.bool_]
    changes: tuple[Changes, Numbers] | None = None

    @property
    def is_even(self) -> bool:
        """Whether all parts have one size, so that they are cut and resized together."""
        return bool((self.boxes[:, 2:] == self.boxes[:1, 2:]).all())

    def of(self, clips: slice) -> Cut:
        """Some of the clips."""
        changes = self.changes and (self.changes[0], self.changes[1][clips])
        rows = (self.index[clips], self.times[clips], self.boxes[clips])
        return Cut(*rows, self.size, self.mirrored[clips], changes)


def cut_of(frames: Frames, cut: Cut) -> Frames:
    """Of each clip's frames (clips, time, height, width, channels) the part that it shows."""
    height, width = cut.boxes[0, 2:].tolist()
    found = np.empty((*frames.shape[:2], height, width, frames.shape[-1]), np.uint8)
    for clip, whole, (top, left) in zip(found, frames, cut.boxes[:, :2].tolist(), strict=True):
        clip[...] = whole[:, top : top + height, left : left + width]
    return found


def resized(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """Images (..., channels, height, width) of bytes at another size; floats on a GPU."""
    if tuple(pixels.shape[-2:]) == size:
        return pixels
    from torch.nn.functional import interpolate

    flat = pixels.flatten(0, -4)
    flat = (
        _together(flat) if pixels.device.type == "cpu" else flat.float()
    )  # only a CPU resizes whole numbers
    found = interpolate(flat, size, mode="bilinear", antialias=True, align_corners=False)
    return found.reshape(*pixels.shape[:-2], *size)


def resized_frames(frames: Frames, size: tuple[int, int]) -> Frames:
    """Frames (time, height, width, channels) at another size."""
    import torch

    pixels = torch.from_numpy(frames).movedim(-1, 1)
    return np.asarray(resized(pixels, size).movedim(1, -1).numpy())


def _together(images: Tensor) -> Tensor:
    """Grey images (images, 1, height, width) as channels of fewer: four are resized as fast as one."""
    if images.shape[1] != 1:
        return images
    number = next(number for number in (4, 2, 1) if len(images) % number == 0)
    return images.reshape(-1, number, *images.shape[2:])
