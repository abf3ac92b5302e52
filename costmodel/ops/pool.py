"""Pools over time, height and width; a kernel of None on an axis pools the whole of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from costmodel.errors import TransformError
from costmodel.numbers import Size
from costmodel.ops.base import Op, PoolTriple
from costmodel.ops.cumulative import CumulativePool
from costmodel.ops.windowed import Windowed
from costmodel.types import Carry, Streaming, TensorType, Work


class _Pool(Windowed):
    """A pool: what it reads, answers and weighs."""

    kind: ClassVar[str]

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
        _, *in_space = self.kernel
        # The running mean is kept for each position or for the whole map, and for nothing between.
        if in_space not in ([None, None], [1, 1]) or self.stride != (1, 1, 1):
            raise TransformError(
                f"{self.word} over parts of the map cannot go on over all frames so far; pool the map ahead "
                "of it, with a kernel of 1 in time"
            )
        of: Literal["mean", "max"] = "max" if self.kind == "max" else "mean"
        return CumulativePool(of=of, over="map" if in_space[0] is None else "position", answers="last")

    def _over_frames(self, stream: Streaming) -> Op:
        return self.cumulative().streamed(stream) if stream.cumulates else super()._over_frames(stream)


class AvgPool(_Pool):
    """Average over a window, zeros of the padding counted in; linear, so partial sums will do."""

    word: ClassVar[str] = "avg_pool"
    kind: ClassVar[str] = "avg"

    def carry(self, x: TensorType) -> Carry:
        return Carry("sum")


class MaxPool(_Pool):
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

    kernel: PoolTriple = (1, 1, 1)

    def out(self, x: TensorType) -> TensorType:
        return TensorType(x.channels, *self.slide(x))

    def carry(self, x: TensorType) -> Carry:
        return Carry("sum")

    def allocates(self, x: TensorType) -> Size:
        return 0
