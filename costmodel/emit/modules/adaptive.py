"""Pools to a given size: what runs, what is kept, how they are written."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.avg_pool import AvgPoolLayer
from costmodel.emit.modules.base import mirrors
from costmodel.emit.modules.keeper import keeps
from costmodel.emit.modules.max_pool import MaxPoolLayer
from costmodel.emit.modules.windows import windowed_keeper
from costmodel.emit.modules.written import Written, in_frames, writes, writes_steps
from costmodel.ops import AdaptiveAvgPool, AdaptiveMaxPool, AdaptivePool, Step
from costmodel.types import TensorType


@mirrors(AdaptiveAvgPool)
class AdaptiveAvgPoolLayer(AvgPoolLayer):
    """An average to a size."""

    op: AdaptiveAvgPool

    def _pool(self, x: Tensor, first_axis: int) -> Tensor:
        _, height, width = size = _size(self.op)
        if first_axis:
            return functional.adaptive_avg_pool2d(x, (height, width))
        pooled = functional.adaptive_avg_pool3d(x, size)
        return functional.avg_pool3d(pooled, (self.kernel[0], 1, 1), 1) if _slides(self.op) else pooled


@mirrors(AdaptiveMaxPool)
class AdaptiveMaxPoolLayer(MaxPoolLayer):
    """A maximum to a size."""

    op: AdaptiveMaxPool

    def _pool(self, x: Tensor, first_axis: int) -> Tensor:
        time, height, width = _size(self.op)
        if first_axis:
            # Written out: exports to ONNX know no maximum to a size.
            return _largest(_largest(x, 2, height), 3, width)
        kept = x.shape[2:]
        pooled = functional.adaptive_max_pool3d(x, (time or kept[0], height or kept[1], width or kept[2]))
        return functional.max_pool3d(pooled, (self.kernel[0], 1, 1), 1) if _slides(self.op) else pooled


keeps(AdaptiveAvgPool, AdaptiveMaxPool)(windowed_keeper)


@writes(AdaptiveAvgPool, AdaptiveMaxPool)
def _written(op: AdaptivePool, x: TensorType) -> Written:
    time, height, width = _size(op)
    # The frames of one window stand ahead of a layer that pools them all.
    time = 1 if _slides(op) and op.kernel[0] == x.time != 1 else time
    name = "Max" if op.kind == "max" else "Avg"
    return Written(f"nn.Adaptive{name}Pool3d", {"output_size": (time, height, width)})


@writes_steps(AdaptiveAvgPool, AdaptiveMaxPool)
def _written_in_steps(step: Step, op: AdaptivePool, x: TensorType) -> Written:
    return in_frames(step, x, float("-inf") if op.kind == "max" else 0.0)


def _size(op: AdaptivePool) -> tuple[int | None, int | None, int | None]:
    """The size as torch's pools take it, of windows that slide over time each frame's."""
    time, height, width = (None if each is None else int(each) for each in op.size)
    return None if _slides(op) else time, height, width


def _largest(x: Tensor, axis: int, size: int | None) -> Tensor:
    """The largest of each of so many windows on one axis."""
    if size is None:
        return x
    length = x.shape[axis]
    ends = [(step * length // size, -(-(step + 1) * length // size)) for step in range(size)]
    found = [x.narrow(axis, first, last - first).amax(axis, keepdim=True) for first, last in ends]
    return torch.cat(found, axis)


def _slides(op: AdaptivePool) -> bool:
    """Whether its window covers some frames, as in a stream."""
    return op.kernel[0] is not None
