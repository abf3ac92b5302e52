"""What pools over time, height and width share."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.base import WindowedLayer
from costmodel.emit.modules.texts import clips
from costmodel.emit.modules.written import Written, literal, padded, sliding
from costmodel.ops import AvgPool, MaxPool
from costmodel.types import TensorType


class PoolLayer(WindowedLayer[AvgPool | MaxPool]):
    """A pool over time, height and width."""

    def forward(self, *clips: Tensor) -> Tensor:
        return self._pool(clips[0], 0)

    def taps(self, frame: Tensor, wanted: tuple[int, ...]) -> list[Tensor]:
        if not wanted:
            return []
        pooled = self._tap(frame)
        # All taps of a pool make the same of a frame; each must be memory that `combine` may overwrite.
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
        # As torch counts outputs, the padding being part of `x` here.
        outputs = (x.shape[dimension] - dilation * (kernel - 1) - 1) // stride + 1
        reach = stride * (outputs - 1) + 1
        whole = [slice(None)] * x.dim()
        found = []
        for tap in range(kernel):
            whole[dimension] = slice(dilation * tap, dilation * tap + reach, stride)
            found.append(x[tuple(whole)])
        return found


def written_pool(op: AvgPool | MaxPool, x: TensorType, is_max: bool) -> Written:
    """A pool over clips as a function of torch's, or of our own where torch's do not take it."""
    options = {"kernel_size": op.kernel_on(x), "stride": op.stride, **sliding(op)}
    texts = {name: literal(value) for name, value in options.items()}
    ahead = padded(op, -inf if is_max else 0.0)
    axes = range(1 if op.causal else 0, 3)
    own = clips.max_pool if is_max else clips.avg_pool
    is_torchs = not pads_widely(op, x, axes) and (is_max or _is_torchs_average(op, x, axes))
    call = f"F.{own.__name__}3d" if is_torchs else own.__name__
    carried = () if is_torchs else (own,)
    return Written(
        call=call,
        call_options={**texts, **ahead.get("call_options", {})},
        carried=(*carried, *ahead.get("carried", ())),
    )


def pads_widely(op: AvgPool | MaxPool, x: TensorType, axes: Iterable[int]) -> bool:
    """Whether a pool has more padding than torch's take: half of their kernel."""
    return any(2 * op.pads(axis)[0] > op.kernel_on(x)[axis] for axis in axes)


def _is_torchs_average(op: AvgPool | MaxPool, x: TensorType, axes: Iterable[int]) -> bool:
    """Whether torch's average pool takes it: no gaps, and no kernel that is larger than the bare map."""
    sizes = (x.time, x.height, x.width)
    return op.dilation == (1, 1, 1) and all(sizes[axis] >= op.kernel_on(x)[axis] for axis in axes)
