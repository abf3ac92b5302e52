"""Max pools: what runs, what is kept, how they are written."""

from __future__ import annotations

from math import inf

from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.base import even_pads, mirrors
from costmodel.emit.modules.keeper import keeps
from costmodel.emit.modules.pool import PoolLayer, is_plain, written_pool
from costmodel.emit.modules.texts import windows
from costmodel.emit.modules.windows import windowed_keeper
from costmodel.emit.modules.written import Written, differing, in_frames, keeps_frames, writes, writes_steps
from costmodel.ops import MaxPool, Step
from costmodel.types import TensorType


@mirrors(MaxPool)
class MaxPoolLayer(PoolLayer):
    """A maximum; padding never wins."""

    @property
    def padding_value(self) -> float:
        return -inf

    def over(self, frames: list[Tensor]) -> Tensor:
        largest = frames[0]
        for frame in frames[1:]:
            largest = largest.maximum(frame)
        return self._tap(largest)

    def combine(self, partial: Tensor, tap: Tensor) -> Tensor:
        return tap.maximum(partial)

    def join(self, partial: Tensor, tap: Tensor) -> None:
        partial.copy_(partial.maximum(tap))

    def _pool(self, x: Tensor, first_axis: int) -> Tensor:
        # Padded ahead of torch's pool, which takes no more than half of its kernel.
        x = self._padded(x, first_axis)
        kernel, stride, dilation = (each[first_axis:] for each in (self.kernel, self.stride, self.dilation))
        pool = functional.max_pool2d if first_axis else functional.max_pool3d
        return pool(x, kernel, stride, 0, dilation)


keeps(MaxPool)(windowed_keeper)


@writes(MaxPool)
def _written(op: MaxPool, x: TensorType) -> Written:
    return written_pool(op, x, is_max=True)


@writes_steps(MaxPool)
def _written_in_steps(step: Step, op: MaxPool, x: TensorType) -> Written:
    if keeps_frames(step, x) or not is_plain(op, x):
        return in_frames(step, x, -inf)
    padding = (0, *even_pads(op.paddings(x)[1:]))
    options: dict[str, object] = {"stride": op.stride, "padding": padding, "dilation": op.dilation}
    options |= differing(before=(step.before, 0))
    carried = (windows.OpenWindows, windows.StreamMaxPool3d)
    return Written("StreamMaxPool3d", {"kernel_size": op.kernel_on(x)}, options, carried=carried)
