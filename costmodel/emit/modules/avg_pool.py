"""Average pools: what runs, what is kept, how they are written."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.base import even_pads, mirrors
from costmodel.emit.modules.keeper import Keeper, Kept, keeps
from costmodel.emit.modules.pool import PoolLayer, is_plain, written_pool
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
    """An average, zeros of the padding counted in, or each window divided by what it sees of the input."""

    in_space: Tensor
    in_time: Tensor

    def __init__(self, op: AvgPool, x: TensorType) -> None:
        super().__init__(op, x)
        self.is_even = op.count_include_pad and not op.ceil_mode
        if self.is_even:
            return
        time, height, width = (self._shares(op, x, axis) for axis in range(3))
        self.register_buffer("in_space", height[:, None] * width, persistent=False)
        self.register_buffer("in_time", time[:, None, None], persistent=False)

    def _shares(self, op: AvgPool, x: TensorType, axis: int) -> Tensor:
        """By what each output's sum over the kernel's size must be multiplied on one axis."""
        size, kernel, dilation = int(x[axis + 1]), self.kernel[axis], self.dilation[axis]
        before, after = self.pads[axis]
        ends = tuple(map(int, op.given_pads(axis, x))) if op.count_include_pad else (0, 0)
        counted = range(-ends[0], size + ends[1])
        starts = range(-before, size + after - dilation * (kernel - 1), self.stride[axis])
        seen = (sum(start + dilation * tap in counted for tap in range(kernel)) for start in starts)
        return torch.tensor([kernel / max(1, taps) for taps in seen])

    def forward(self, *clips: Tensor) -> Tensor:
        pooled = super().forward(*clips)
        if self.is_even:
            return pooled
        return pooled * self.in_space * (1 if self.op.endless else self.in_time)

    def over(self, frames: list[Tensor]) -> Tensor:
        total = frames[0]
        for frame in frames[1:]:
            total = total + frame
        return self._tap(total)

    def combine(self, partial: Tensor, tap: Tensor) -> Tensor:
        return tap.add_(partial)

    def _tap(self, frame: Tensor) -> Tensor:
        pooled = self._pool(frame, 1)
        if not self.is_even:
            pooled = pooled * self.in_space
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
    if keeps_frames(step, x) or op.dilation[1:] != (1, 1) or not is_plain(op, x):
        return in_frames(step, x)
    options: dict[str, object] = {"stride": op.stride, "padding": (0, *even_pads(op.paddings(x)[1:]))}
    options |= differing(dilation=(op.dilation[0], 1), before=(step.before, 0))
    carried = (windows.OpenWindows, windows.StreamAvgPool3d)
    return Written("StreamAvgPool3d", {"kernel_size": op.kernel_on(x)}, options, carried=carried)
