"""Pools over time, height and width; a kernel of None on an axis pools the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

from costmodel.conditions import equal
from costmodel.errors import TransformError
from costmodel.numbers import Size, ceil_div, maximum, where
from costmodel.ops.base import Op, PoolTriple
from costmodel.ops.cumulative import CumulativePool
from costmodel.ops.windowed import Windowed
from costmodel.types import Carry, Streaming, TensorType, Work


@dataclass(frozen=True, kw_only=True)
class Pool(Windowed):
    """A pool: what it reads, answers and weighs."""

    kind: ClassVar[str]
    hidden: ClassVar[frozenset[str]] = frozenset({"endless"})

    ceil_mode: bool = False
    endless: bool = False

    @property
    def counts_pads(self) -> bool:
        """Whether the zeros of its padding count in its mean, if it has one."""
        return True

    @property
    def sides(self) -> tuple[Size | None, Size | None]:
        """Rows and columns of its window; None for all of them."""
        return self.kernel[1], self.kernel[2]

    def pads(self, axis: int, x: TensorType) -> tuple[Size, Size]:
        """Padding before and after on one axis, what the last window lacks of a `ceil_mode` counted in."""
        before, after = super().pads(axis, x)
        if not self.ceil_mode or self.kernel[axis] is None or (axis == 0 and self.endless):
            return before, after
        stride, reach, size = self.stride[axis], self.reach_on(axis, x), x[axis + 1]
        outputs = ceil_div(size + before + after - reach, stride) + 1
        # As in torch, no window begins in the padding behind the input.
        outputs -= where((outputs - 1) * stride >= size + before, 1, 0)
        return before, after + maximum((outputs - 1) * stride + reach - size - before - after, 0)

    def given_pads(self, axis: int, x: TensorType) -> tuple[Size, Size]:
        """Padding before and after on one axis, as it is given."""
        return super().pads(axis, x)

    def without_time_padding(self, covers: Size | None = None) -> Self:
        """The same in a stream, which has no end at which a window would lack frames."""
        return replace(super().without_time_padding(covers), endless=self.ceil_mode)

    def of_each_frame(self, x: TensorType) -> Self | None:
        pool = super().of_each_frame(x)
        return None if pool is None or pool.does_nothing else pool

    def out(self, x: TensorType) -> TensorType:
        return TensorType(x.channels, *self.slide(x))

    def work(self, x: TensorType) -> Work:
        out = self.out(x)
        time, height, width = self.kernel_on(x)
        return {
            f"pool.{self.kind}.inputs": x.values,
            f"pool.{self.kind}.outputs": out.values,
            f"pool.{self.kind}.taps": time * (height * width) * out.values,
        }

    def cumulative(self) -> CumulativePool:
        # The running mean is kept for each position or for the whole map, and for nothing between.
        if self.sides not in ((None, None), (1, 1)) or self.stride != (1, 1, 1):
            raise TransformError(
                f"{self.word} over parts of the map cannot go on over all frames so far; pool the map ahead "
                "of it, with a kernel of 1 in time"
            )
        of: Literal["mean", "max"] = "max" if self.kind == "max" else "mean"
        return CumulativePool(of=of, over="map" if self.sides[0] is None else "position", answers="last")

    def _over_frames(self, stream: Streaming) -> Op:
        return self.cumulative().streamed(stream) if stream.cumulates else super()._over_frames(stream)


@dataclass(frozen=True, kw_only=True)
class AvgPool(Pool):
    """Average over a window, zeros of the padding counted in or not; linear, so partial sums will do."""

    word: ClassVar[str] = "avg_pool"
    kind: ClassVar[str] = "avg"

    count_include_pad: bool = True

    @property
    def counts_pads(self) -> bool:
        return self.count_include_pad

    def without_time_padding(self, covers: Size | None = None) -> Self:
        return replace(
            super().without_time_padding(covers), endless=self.ceil_mode or not self.count_include_pad
        )

    def in_place(self, x: TensorType) -> Mapping[str, Op]:
        if self.count_include_pad:
            return super().in_place(x)
        unpadded = replace(self, padding=(0, self._given_on(1), self._given_on(2)))
        return {
            "count the frames of its padding in its mean": replace(self, count_include_pad=True),
            "pad no time": unpadded,
        }

    def streamed(self, stream: Streaming, x: TensorType) -> Op:
        before, after = self.pads(0, x)
        if not self.count_include_pad and not (equal(before, 0) is True and equal(after, 0) is True):
            raise TransformError(
                f"{self.word} leaves the frames of its padding out of its mean, and the first answers of a "
                "stream would need shares of their own; give it count_include_pad: true, or pad no time"
            )
        return super().streamed(stream, x)

    def carry(self, x: TensorType) -> Carry:
        return Carry("sum")


class MaxPool(Pool):
    """Maximum over a window; partial maxima will do."""

    word: ClassVar[str] = "max_pool"
    kind: ClassVar[str] = "max"

    def carry(self, x: TensorType) -> Carry:
        return Carry("max")


@dataclass(frozen=True, kw_only=True)
class GlobalPool(AvgPool):
    """Average over the whole clip and map, one value for each channel."""

    word: ClassVar[str] = "global_pool"
    # A kind of its own, as counting tools see an adaptive pool apart from an average pool, or not at all.
    kind: ClassVar[str] = "global"

    kernel: PoolTriple = (None, None, None)


@dataclass(frozen=True, kw_only=True)
class Subsample(Windowed):
    """Every s-th frame (and pixel), the others dropped: `frames[::s]`, as SlowFast's slow pathway has it."""

    word: ClassVar[str] = "subsample"
    is_view: ClassVar[bool] = True

    kernel: PoolTriple = (1, 1, 1)

    def of_each_frame(self, x: TensorType) -> Self | None:
        every = super().of_each_frame(x)
        return None if every is None or every.does_nothing else every

    def out(self, x: TensorType) -> TensorType:
        return TensorType(x.channels, *self.slide(x))

    def carry(self, x: TensorType) -> Carry:
        return Carry("sum")

    def allocates(self, x: TensorType) -> Size:
        return 0
