"""Pools over time, height and width; a kernel of None on an axis pools the whole of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from costmodel.numbers import Size
from costmodel.ops.base import PoolTriple
from costmodel.ops.windowed import Windowed
from costmodel.types import Carry, TensorType, Work


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
