"""Pools to a given size, whose windows are as long as the input asks for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from costmodel.errors import TransformError
from costmodel.numbers import Size, ceil_div
from costmodel.ops.base import Op, PoolTriple, Triple
from costmodel.ops.pool import AvgPool, GlobalPool, MaxPool, Pool
from costmodel.ops.windowed import Pad
from costmodel.types import FRAMEWISE, Streaming, TensorType, Window, Work


@dataclass(frozen=True, kw_only=True)
class AdaptivePool(Pool):
    """A pool to a size: window i of m over n goes from floor(i n / m) to ceil((i + 1) n / m), as torch's.

    A size of None keeps an axis. In time it is 1 (all frames pooled) or None (each frame alone); to another
    number a clip can be pooled and a stream cannot, which has no last frame to divide by.
    """

    # Of a sliding window's fields none is given; `kernel` holds the frames that it covers in a stream.
    hidden: ClassVar[frozenset[str]] = frozenset(
        {"kernel", "stride", "padding", "dilation", "ceil_mode", "endless", "count_include_pad"}
    )

    size: PoolTriple
    kernel: PoolTriple = (None, None, None)

    @property
    def is_global(self) -> bool:
        """Whether it leaves one value of each channel."""
        return all(isinstance(size, int) and size == 1 for size in self.size)

    @property
    def divides_time(self) -> bool:
        """Whether it pools time to some frames, neither to one nor to all."""
        return self.size[0] is not None and not (isinstance(self.size[0], int) and self.size[0] == 1)

    def kernel_on(self, x: TensorType) -> Triple:
        """Frames, rows and columns of its first window: of sizes that do not divide, others have more."""
        frames = 1 if self.size[0] is None else x.time if self.kernel[0] is None else self.kernel[0]
        height, width = (self._side(x, axis) for axis in (1, 2))
        return frames, height, width

    def _side(self, x: TensorType, axis: int) -> Size:
        size = self.size[axis]
        if size is None:
            return 1
        # The very axis, where all of it is pooled: of symbols and arrays a quotient is another object.
        return x[axis + 1] if isinstance(size, int) and size == 1 else ceil_div(x[axis + 1], size)

    def _given_on(self, axis: int) -> Pad:
        return 0

    def _positions(self, x: TensorType, axis: int) -> Size:
        if axis == 0 and self.kernel[0] is not None:
            return super()._positions(x, axis)
        size = self.size[axis]
        return x[axis + 1] if size is None else size

    def window(self, x: TensorType) -> Window:
        return FRAMEWISE if self.size[0] is None else super().window(x)

    def frames_read(self, answer: int, x: TensorType) -> Collection[int] | None:
        # Frames that are given slide, whatever size there was.
        if not self.divides_time or self.size[0] is None or self.kernel[0] is not None:
            return None
        frames, sizes = int(x.time), int(self.size[0])
        return range(answer * frames // sizes, -(-(answer + 1) * frames // sizes))

    def work(self, x: TensorType) -> Work:
        kind = GlobalPool.kind if self.is_global and self.kind != "max" else f"adaptive_{self.kind}"
        return {f"pool.{kind}.inputs": x.values, f"pool.{kind}.outputs": self.out(x).values}

    def streamed(self, stream: Streaming, x: TensorType) -> Op:
        if not self.divides_time:
            return super().streamed(stream, x)
        frames, even = self.size[0], ""
        if isinstance(x.time, int) and isinstance(frames, int) and x.time % frames == 0:
            even = f"put {self.kind}_pool with a kernel and a stride of {x.time // frames} in time, or "
        raise TransformError(
            f"{self.word} pools the {x.time} frames of a clip to {frames}, and a stream has no last frame; "
            f"{even}give it a size of 1 (all frames) or `all` (each frame alone) in time"
        )

    def made_causal(self, x: TensorType) -> Self:
        if self.divides_time:
            raise TransformError(
                f"{self.word} divides all frames of the clip, those to come as well; give it a size of 1 or "
                "`all` in time"
            )
        return super().made_causal(x)

    def without_time_padding(self, covers: Size | None = None) -> Self:
        return self if covers is None else replace(self, kernel=(covers, None, None), causal=False)

    @property
    def sides(self) -> tuple[Size | None, Size | None]:
        """Rows and columns of its window: None for all of them, 1 where each is kept."""
        height, width = (1 if each is None else None if each == 1 else each for each in self.size[1:])
        return height, width


@dataclass(frozen=True, kw_only=True)
class AdaptiveAvgPool(AdaptivePool, AvgPool):
    """Average to a given size, as torch's nn.AdaptiveAvgPool3d: `size: [1, 7, 7]`, `all` to keep an axis."""

    word: ClassVar[str] = "adaptive_avg_pool"


@dataclass(frozen=True, kw_only=True)
class AdaptiveMaxPool(AdaptivePool, MaxPool):
    """Maximum to a given size, as torch's nn.AdaptiveMaxPool3d: `size: [1, 7, 7]`, `all` to keep an axis."""

    word: ClassVar[str] = "adaptive_max_pool"
