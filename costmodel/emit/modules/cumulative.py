"""Pools over all frames so far: what runs, what is kept, how they are written."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import torch
from torch import Tensor

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.keeper import Keeper, Kept, keeps
from costmodel.emit.modules.texts import cumulative
from costmodel.emit.modules.written import Written, differing, writes, writes_steps
from costmodel.ops import CumulativePool, Step
from costmodel.types import TensorType


@mirrors(CumulativePool)
class CumulativePoolLayer(Layer[CumulativePool]):
    """The mean or maximum of each frame and all frames before it; a clip starts anew."""

    is_fresh = False  # what it answers is what it keeps

    def forward(self, *clips: Tensor) -> Tensor:
        pooled = self.frames(*clips)
        return pooled[:, :, -1:] if self.op.answers == "last" else pooled

    def frames(self, *clips: Tensor) -> Tensor:
        clip = self.in_space(clips[0])
        if self.op.of == "max":
            largest = list(clip.unbind(2))
            for number in range(1, len(largest)):
                largest[number] = largest[number].maximum(largest[number - 1])
            return torch.stack(largest, dim=2)
        counts = torch.arange(1, clip.shape[2] + 1, dtype=clip.dtype, device=clip.device)
        return clip.cumsum(2) / counts.view(-1, 1, 1)

    def frame(self, *frames: Tensor) -> Tensor:
        return self.in_space(frames[0])

    def in_space(self, x: Tensor) -> Tensor:
        """A clip or a frame pooled over its map, or as it is."""
        if self.op.over == "position":
            return x
        return x.amax((-2, -1), keepdim=True) if self.op.of == "max" else x.mean((-2, -1), keepdim=True)


@keeps(CumulativePool)
class CumulativeKeeper(Keeper):
    """The mean or maximum so far: m + (x - m) / n, in 32 bits at least, for a small share added to it."""

    counts = True

    def __init__(self, layer: CumulativePoolLayer, op: Step, x: TensorType) -> None:
        ((name, held),) = op.carry(x).kept.items()
        self.is_mean = name == "mean"
        shape = (int(held.channels), int(held.height), int(held.width))
        super().__init__({name: shape}, 0.0 if self.is_mean else -inf)
        self.layer = layer

    def empty(self, batch: int, like: Tensor) -> Kept:
        if not self.is_mean:
            return super().empty(batch, like)
        return super().empty(batch, like.new_empty(0, dtype=torch.promote_types(like.dtype, torch.float32)))

    def counted(self, frame: Tensor, kept: Kept, phase: int, seen: Tensor) -> tuple[Tensor | None, Kept]:
        (before,), frame = kept, self.layer.in_space(frame)
        if not self.is_mean:
            largest = before.maximum(frame)
            return largest, (largest,)
        # In an export a layer runs ahead of its first frame too,
        # where `seen` is negative: the share stays a number.
        share = (seen.clamp(min=0) + 1).to(before.dtype).view(-1, 1, 1, 1)
        mean = before + (frame.to(before.dtype) - before) / share
        return mean.to(frame.dtype), (mean,)

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        return self.empty(len(frame), frame)


@writes(CumulativePool)
def _written(op: CumulativePool, x: TensorType) -> Written:
    options = differing(
        of=(op.of, "mean"), over_map=(op.over == "map", False), last=(op.answers == "last", False)
    )
    return Written("CumulativePool", options=options, carried=(cumulative.CumulativePool,))


@writes_steps(CumulativePool)
def _written_in_steps(step: Step, op: CumulativePool, x: TensorType) -> Written:
    plain = _written(op, x)
    return replace(plain, options={**plain.options, "remembers": True})
