"""What pools over time, height and width share."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.base import WindowedLayer
from costmodel.emit.modules.written import Written, literal, padded, sliding
from costmodel.errors import EmitError
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


def refuse_wide_padding(op: AvgPool | MaxPool, x: TensorType, axes: Iterable[int]) -> None:
    """Raises EmitError where a pool has more padding than torch's take: half of what the kernel spans."""
    for axis in axes:
        span = op.dilation[axis] * (op.kernel_on(x)[axis] - 1) + 1
        if 2 * op.pads(axis)[0] > span:
            raise EmitError(
                f"a pool with a padding of {op.pads(axis)[0]} and a kernel over {span} has no torch layer "
                "and cannot be written as source; emit it as a module"
            )


def written_pool(op: AvgPool | MaxPool, x: TensorType, call: str, padding: float = 0.0) -> Written:
    """A pool over clips as a function of torch's."""
    refuse_wide_padding(op, x, axes=range(1 if op.causal else 0, 3))
    options = {"kernel_size": op.kernel_on(x), "stride": op.stride, **sliding(op)}
    ahead = padded(op, padding)
    texts = {name: literal(value) for name, value in options.items()}
    return Written(call=call, **{**ahead, "call_options": texts | ahead.get("call_options", {})})
