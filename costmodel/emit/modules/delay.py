"""Branches that wait for others in a stream: what runs, what is kept, how it is written."""

from __future__ import annotations

import torch
from torch import Tensor

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.frames import in_time
from costmodel.emit.modules.keeper import Keeper, Kept, keeps, last_frames, numbered
from costmodel.emit.modules.texts import streams
from costmodel.emit.modules.written import Written, writes
from costmodel.ops import Delay
from costmodel.types import TensorType


@mirrors(Delay)
class DelayLayer(Layer[Delay]):
    """Holds a branch back in a stream; a clip's frames are aligned by their number, so it passes them on."""

    is_fresh = False

    def forward(self, *clips: Tensor) -> Tensor:
        return clips[0]

    def frame(self, *frames: Tensor) -> Tensor:
        return frames[0]


@keeps(Delay)
class DelayKeeper(Keeper):
    """Keeps ceil(wait / jump) frames of a branch; no valid output reads what it holds ahead of the first."""

    waits = True

    def __init__(self, layer: DelayLayer, op: Delay, x: TensorType) -> None:
        super().__init__(numbered("frames", op.carry(x).kept["frames"]), 0.0)

    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        return None, (*kept[1:], frame)

    def handed_on(self, frames: Tensor, kept: Kept, first: int) -> tuple[Tensor, Kept]:
        count, waiting = frames.shape[2], kept[first:]
        output = frames[:, :, : max(0, count - len(waiting))]
        if waiting:
            output = torch.cat((in_time(waiting[:count]), output), 2)
        # Those ahead have been handed on already, and their places are read by nobody.
        return output, (*kept[:first], *last_frames(waiting, frames))

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        return tuple(frame.clone() for _ in self.shapes)

    def before_first(self, frame: Tensor, kept: Kept, seen: Tensor) -> tuple[Tensor, Kept]:
        return frame, kept


@writes(Delay)
def _written(op: Delay, x: TensorType) -> Written:
    return Written("Delay", {"wait": op.wait}, carried=(streams.Delay,), takes_nothing=True)
