"""Running pools and subsampling."""

from __future__ import annotations

from math import inf, prod

from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.base import WindowedLayer, mirrors
from costmodel.ops import AvgPool, GlobalPool, MaxPool, Subsample

Triple = tuple[int, int, int]


class _PoolLayer(WindowedLayer[AvgPool | MaxPool]):
    """A pool over time, height and width."""

    def forward(self, *clips: Tensor) -> Tensor:
        return self._pool(clips[0], 0)

    def taps(self, frame: Tensor, wanted: tuple[int, ...]) -> list[Tensor]:
        if not wanted:
            return []
        pooled = self._tap(frame)
        return [pooled, *(pooled.clone() for _ in wanted[1:])]

    def _tap(self, frame: Tensor) -> Tensor:
        return self._pool(frame, 1)

    def _pool(self, x: Tensor, first_axis: int) -> Tensor:
        """The pool over the axes from `first_axis` on: 0 for a clip, 1 for a frame."""
        raise NotImplementedError

    def _padded(self, x: Tensor, first_axis: int) -> Tensor:
        pads = [pad for axis in reversed(range(first_axis, 3)) for pad in self.pads[axis]]
        return functional.pad(x, pads, value=self.padding_value) if any(pads) else x

    def _covers(self, x: Tensor, first_axis: int) -> bool:
        """Whether the window is the whole of every axis."""
        return tuple(x.shape[2:]) == self.kernel[first_axis:] and not any(map(any, self.pads[first_axis:]))

    def _slices(self, x: Tensor, axis: int, dimension: int) -> list[Tensor]:
        """For each tap on one axis, what it sees at every output position."""
        kernel, stride, dilation = self.kernel[axis], self.stride[axis], self.dilation[axis]
        outputs = (x.shape[dimension] - dilation * (kernel - 1) - 1) // stride + 1
        reach = stride * (outputs - 1) + 1
        whole = [slice(None)] * x.dim()
        found = []
        for tap in range(kernel):
            whole[dimension] = slice(dilation * tap, dilation * tap + reach, stride)
            found.append(x[tuple(whole)])
        return found


@mirrors(AvgPool, GlobalPool)
class AvgPoolLayer(_PoolLayer):
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
        return pooled.div_(self.kernel[0]) if self.kernel[0] > 1 else pooled

    def _pool(self, x: Tensor, first_axis: int) -> Tensor:
        if self._covers(x, first_axis):
            return x.mean(tuple(range(2, x.dim())), keepdim=True)
        x = self._padded(x, first_axis)
        kernel, stride, dilation = (each[first_axis:] for each in (self.kernel, self.stride, self.dilation))
        if prod(dilation) == 1:
            pool = functional.avg_pool2d if first_axis else functional.avg_pool3d
            return pool(x, kernel, stride)
        for axis in range(first_axis, 3):
            x = sum(self._slices(x, axis, axis + 2 - first_axis)) / self.kernel[axis]  # type: ignore[assignment]
        return x


@mirrors(MaxPool)
class MaxPoolLayer(_PoolLayer):
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

    def _pool(self, x: Tensor, first_axis: int) -> Tensor:
        x = self._padded(x, first_axis)
        kernel, stride, dilation = (each[first_axis:] for each in (self.kernel, self.stride, self.dilation))
        pool = functional.max_pool2d if first_axis else functional.max_pool3d
        return pool(x, kernel, stride, 0, dilation)


@mirrors(Subsample)
class SubsampleLayer(WindowedLayer[Subsample]):
    """Every s-th frame and pixel."""

    is_fresh = False

    def forward(self, *clips: Tensor) -> Tensor:
        time, height, width = self.stride
        return clips[0][:, :, ::time, ::height, ::width]

    def taps(self, frame: Tensor, wanted: tuple[int, ...]) -> list[Tensor]:
        return [self.over([frame]) for _ in wanted]

    def over(self, frames: list[Tensor]) -> Tensor:
        _, height, width = self.stride
        return frames[-1][:, :, ::height, ::width]

    def combine(self, partial: Tensor, tap: Tensor) -> Tensor:
        return partial + tap
