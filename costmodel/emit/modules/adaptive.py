"""Pools to a given size: what runs, what is kept, how they are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
        # Written out where it must be: exports to ONNX know no average of a clip to a size.
        is_export = torch.compiler.is_exporting()
        pooled = _by_axis(x, size, torch.mean) if is_export else functional.adaptive_avg_pool3d(x, size)
        return functional.avg_pool3d(pooled, (self.kernel[0], 1, 1), 1) if _slides(self.op) else pooled


@mirrors(AdaptiveMaxPool)
class AdaptiveMaxPoolLayer(MaxPoolLayer):
    """A maximum to a size."""

    op: AdaptiveMaxPool

    def _pool(self, x: Tensor, first_axis: int) -> Tensor:
        time, height, width = size = _size(self.op)
        if first_axis:
            # Written out: exports to ONNX know no maximum to a size.
            return _by_axis(x, (height, width), torch.amax)
        kept = x.shape[2:]
        sizes = time or kept[0], height or kept[1], width or kept[2]
        is_export = torch.compiler.is_exporting()
        pooled = _by_axis(x, size, torch.amax) if is_export else functional.adaptive_max_pool3d(x, sizes)
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


def _by_axis(x: Tensor, sizes: Sequence[int | None], reduce: Callable[..., Tensor]) -> Tensor:
    """Each axis behind the channels to its size, by the mean or the maximum of its windows."""
    for axis, size in enumerate(sizes, start=2):
        if size is None:
            continue
        length = x.shape[axis]
        ends = [(step * length // size, -(-(step + 1) * length // size)) for step in range(size)]
        found = [reduce(x.narrow(axis, first, last - first), axis, keepdim=True) for first, last in ends]
        x = torch.cat(found, axis)
    return x


def _slides(op: AdaptivePool) -> bool:
    """Whether its window covers some frames, as in a stream."""
    return op.kernel[0] is not None
