"""Running shifts in time."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.base import WindowedLayer, mirrors
from costmodel.ops import Shift


@mirrors(Shift)
class ShiftLayer(WindowedLayer[Shift]):
    """Every frame replaced by an earlier one."""

    is_fresh = False

    def forward(self, *clips: Tensor) -> Tensor:
        clip = functional.pad(clips[0], (0, 0, 0, 0, *self.pads[0]))
        return clip[:, :, : clip.shape[2] - self.op.frames]

    def taps(self, frame: Tensor, wanted: tuple[int, ...]) -> list[Tensor]:
        return [frame.clone() if tap == 0 else torch.zeros_like(frame) for tap in wanted]

    def over(self, frames: list[Tensor]) -> Tensor:
        return frames[0]

    def combine(self, partial: Tensor, tap: Tensor) -> Tensor:
        return tap.add_(partial)
