"""From a frame of any size to what a network is fed, as its evaluation on clips cuts and scales it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from costmodel.weights import Pixels as Scale
from search.data.cut import resized_frames
from search.data.views import View, centre_box
from search.video.decode import Pixels


@dataclass(frozen=True)
class Framing:
    """How frames become input.

    Args:
        view: the height and the width that the network sees.
        channels: that it takes.
        scale: of pixel values.
    """

    view: View
    channels: int = 3
    scale: Scale = Scale()

    def __call__(self, frames: Sequence[Pixels]) -> Sequence[Tensor]:
        """Frames of one recording (height, width, 3), each as (channels, height, width)."""
        if any(each.shape != frames[0].shape for each in frames):  # some cameras change their size
            return [self([each])[0] for each in frames]
        top, left, height, width = centre_box(frames[0].shape[0], frames[0].shape[1], self.view)
        part = np.stack([each[top : top + height, left : left + width] for each in frames])
        seen = resized_frames(part, (self.view.height, self.view.width))
        span = self.scale.high - self.scale.low
        values = torch.from_numpy(np.ascontiguousarray(seen)).movedim(-1, 1).float() / 255
        values = (values * span + self.scale.low - self.scale.mean) / self.scale.deviation
        return (values.mean(1, keepdim=True) if self.channels == 1 else values).unbind()
