"""Average pools: what runs, what is kept, how they are written."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.base import mirrors
from costmodel.emit.modules.keeper import Keeper, Kept, keeps
from costmodel.emit.modules.pool import PoolLayer, pads_widely, written_pool
from costmodel.emit.modules.texts import windows
from costmodel.emit.modules.windows import WindowedKeeper, windowed_keeper
from costmodel.emit.modules.written import (
    Written,
    differing,
    in_frames,
    keeps_frames,
    literal,
    writes,
    writes_steps,
)
from costmodel.ops import AvgPool, GlobalPool, Step
from costmodel.types import TensorType

# Open sums that are kept as tensors of their own.
MOST_SINGLE_PARTIALS = 4


@mirrors(AvgPool, GlobalPool)
class AvgPoolLayer(PoolLayer):
    """An average, zeros of the padding counted in."""

    def over(self, frames: list[Tensor]) -> Tensor:
        total = frames[0]
        for frame in frames[1:]:
            total = total + frame
        return self._tap(total)

    def combine(self, partial: Tensor, tap: Tensor) -> Tensor:
        return tap.add_(partial)

    def _tap(self, frame: Tensor) -> Tensor:
        pooled = self._pool(frame, 1)
        # Each tap is its share of the mean already, so that an open window is a plain sum.
        return pooled.div_(self.kernel[0]) if self.kernel[0] > 1 else pooled

    def _pool(self, x: Tensor, first_axis: int) -> Tensor:
        if self._covers(x, first_axis):
            return x.mean(tuple(range(2, x.dim())), keepdim=True)
        x = self._padded(x, first_axis)
        kernel, stride, dilation = (each[first_axis:] for each in (self.kernel, self.stride, self.dilation))
        # torch's average pools take no dilation; an average over three axes is one over each in turn.
        if prod(dilation) == 1:
            pool = functional.avg_pool2d if first_axis else functional.avg_pool3d
            return pool(x, kernel, stride)
        for axis in range(first_axis, 3):
            x = sum(self._slices(x, axis, axis + 2 - first_axis)) / self.kernel[axis]  # type: ignore[assignment]
        return x


@keeps(AvgPool, GlobalPool)
def _keeper(layer: AvgPoolLayer, op: Step, x: TensorType) -> Keeper:
    ((name, held),) = op.carry(x).kept.items()
    # Beyond a few partial results, adding a frame to all of them at once is faster than one by one.
    is_dense = layer.stride[0] == layer.dilation[0] == 1
    if name == "partial" and is_dense and held.time > MOST_SINGLE_PARTIALS:
        return AverageKeeper(layer, held)
    return windowed_keeper(layer, op, x)


class AverageKeeper(WindowedKeeper):
    """Keeps the open sums of a long average in one tensor (batch, channels, frames, height, width)."""

    def __init__(self, layer: AvgPoolLayer, held: TensorType) -> None:
        super().__init__({"partial": tuple(map(int, held))}, layer.padding_value)
        self.layer = layer
        self.frames = int(held.time)

    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        ((tap,), (sums,)) = self.layer.taps(frame, (0,)), kept
        tap = tap.unsqueeze(2)
        # The oldest window is complete with this frame; the others move up, and the frame opens one.
        return (sums[:, :, 0] + tap[:, :, 0]), (torch.cat((sums[:, :, 1:] + tap, tap), dim=2),)

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        (tap,) = self.layer.taps(frame, (0,))
        # The window that is complete next has seen the frame
        # as often as there are open windows, the newest once.
        times = torch.arange(self.frames, 0, -1, dtype=tap.dtype, device=tap.device)
        return (tap.unsqueeze(2) * times[:, None, None],)


@writes(AvgPool, GlobalPool)
def _written(op: AvgPool, x: TensorType) -> Written:
    whole = tuple(axis + 2 for axis in range(3) if op.kernel[axis] is None)
    if whole and all(kernel in (None, 1) for kernel in op.kernel) and op.stride == (1, 1, 1):
        return Written(call="torch.mean", call_options={"dim": literal(whole), "keepdim": "True"})
    return written_pool(op, x, is_max=False)


@writes_steps(AvgPool, GlobalPool)
def _written_in_steps(step: Step, op: AvgPool, x: TensorType) -> Written:
    if keeps_frames(step, x) or op.dilation[1:] != (1, 1) or pads_widely(op, x, axes=(1, 2)):
        return in_frames(step, x)
    padding = tuple(op.pads(axis)[0] for axis in range(3))
    options: dict[str, object] = {"stride": op.stride, "padding": padding}
    options |= differing(dilation=(op.dilation[0], 1), before=(step.before, 0))
    carried = (windows.OpenWindows, windows.StreamAvgPool3d)
    return Written("StreamAvgPool3d", {"kernel_size": op.kernel_on(x)}, options, carried=carried)
