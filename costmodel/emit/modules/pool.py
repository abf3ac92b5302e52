"""What pools over time, height and width share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf

from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.base import WindowedLayer
from costmodel.emit.modules.texts import clips
from costmodel.emit.modules.written import Written, differing, literal, padded, sliding
from costmodel.numbers import Size
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
    options: dict[str, object] = {"kernel_size": op.kernel_on(x), "stride": op.stride}
    counts_all = is_max or (op.counts_pads and not op.ceil_mode)
    given = [op.given_pads(axis, x) for axis in range(3)]
    if _is_torchs(op, given, x, is_max, counts_all):
        plain = replace(op, ceil_mode=False)
        options |= sliding(plain, x) | differing(ceil_mode=(op.ceil_mode, False))
        options |= {} if is_max else differing(count_include_pad=(op.counts_pads, True))
        texts = {name: literal(value) for name, value in options.items()}
        ahead = padded(plain, x, -inf if is_max else 0.0)
        call = "F.max_pool3d" if is_max else "F.avg_pool3d"
        texts |= ahead.get("call_options", {})
        return Written(call=call, call_options=texts, carried=ahead.get("carried", ()))
    options |= differing(pads=(_flat(op.paddings(x)), (0,) * 6), dilation=(op.dilation, (1, 1, 1)))
    if not counts_all:
        options["counted"] = _flat(given) if op.counts_pads else (0,) * 6
    own = clips.max_pool if is_max else clips.avg_pool
    texts = {name: literal(value) for name, value in options.items()}
    return Written(call=own.__name__, call_options=texts, carried=(own,))


def _is_torchs(
    op: AvgPool | MaxPool, given: list[tuple[Size, Size]], x: TensorType, is_max: bool, counts_all: bool
) -> bool:
    """Whether torch's function takes a pool: padding ahead alone, of a causal one, is put in before."""
    is_even = all(before == after for before, after in given[1:])
    is_ahead = given[0][0] != given[0][1]
    axes = range(1 if is_ahead else 0, 3)
    takes_time = counts_all and not op.ceil_mode if is_ahead else True
    # No average with gaps, and no kernel that is larger than the bare map.
    fits = all(size >= kernel for size, kernel in zip(x[1:], op.kernel_on(x), strict=True))
    takes_taps = is_max or (op.dilation == (1, 1, 1) and fits)
    return is_even and takes_time and takes_taps and not pads_widely(op, x, axes)


def _flat(pads: Sequence[tuple[Size, Size]]) -> tuple[int, ...]:
    """Padding as `F.pad` takes it, the last axis first."""
    return tuple(int(end) for pad in reversed(pads) for end in pad)


def pads_widely(op: AvgPool | MaxPool, x: TensorType, axes: Iterable[int]) -> bool:
    """Whether a pool has more padding than torch's take: half of their kernel."""
    return any(2 * op.given_pads(axis, x)[0] > op.kernel_on(x)[axis] for axis in axes)


def is_plain(op: AvgPool | MaxPool, x: TensorType) -> bool:
    """Whether the text of a pool in a stream takes it: padded alike at both ends, all of it counted."""
    is_even = all(before == after for before, after in op.paddings(x)[1:])
    return is_even and op.counts_pads and not op.ceil_mode and not pads_widely(op, x, axes=(1, 2))
