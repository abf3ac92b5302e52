"""Interpolation in space, which gives maps another size without learned weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal, TypeAlias

from costmodel.conditions import equal
from costmodel.numbers import Size
from costmodel.ops.base import Demand, Op, PoolTriple
from costmodel.ops.windowed import AXES
from costmodel.types import TensorType, Work

FactorTriple: TypeAlias = tuple[int | Fraction, int | Fraction, int | Fraction]
SizeTriple: TypeAlias = PoolTriple


@dataclass(frozen=True, kw_only=True)
class Interpolate(Op):
    """Each frame's map at another size, by a factor or to a size, as torch's nn.Upsample.

    A factor f makes f n rows of n, which must be whole; a size of None keeps an axis. `bilinear` is how code
    has it that runs on frames as images, `trilinear` the same answers from code that runs on clips: tools
    count them unlike. In time it would make frames between those of a stream, so time keeps its own.
    """

    word: ClassVar[str] = "interpolate"

    factor: FactorTriple | None = None
    size: SizeTriple | None = None
    mode: Literal["nearest", "bilinear", "trilinear"] = "nearest"
    align_corners: bool = False

    def demands(self, x: TensorType) -> Iterator[Demand]:
        yield (
            (self.factor is None) != (self.size is None),
            "expected a factor or a size, one of them, such as `factor: [1, 2, 2]` or `size: [all, 14, 14]`",
            (),
        )
        yield (
            not self.align_corners or self.mode != "nearest",
            "align_corners is for bilinear and trilinear; nearest has none",
            (),
        )
        yield (
            (self.factor is None or self.factor[0] == 1) and (self.size is None or self.size[0] is None),
            "interpolation in time makes frames that a stream has not; leave time as it is, such as "
            "`factor: [1, 2, 2]` or `size: [all, 14, 14]`",
            (),
        )
        for axis, name in enumerate(AXES[1:], start=1):
            factor = 1 if self.factor is None else self.factor[axis]
            yield (
                equal(x[axis + 1] * factor.numerator % factor.denominator, 0),
                "a factor of {} makes no whole number of {} in {}; give it a size instead",
                (factor, x[axis + 1], name),
            )

    def out(self, x: TensorType) -> TensorType:
        return TensorType(x.channels, x.time, self._positions(x, 1), self._positions(x, 2))

    def work(self, x: TensorType) -> Work:
        return {f"interpolate.{self.mode}": self.out(x).values}

    def _positions(self, x: TensorType, axis: int) -> Size:
        kept = x[axis + 1]
        if self.factor is not None:
            return kept * self.factor[axis].numerator // self.factor[axis].denominator
        given = None if self.size is None else self.size[axis]
        return kept if given is None else given
