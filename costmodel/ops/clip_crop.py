"""Frames, rows and columns left out at the ends of a clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from costmodel.numbers import Size, is_zero
from costmodel.ops.base import Demand, Op, PadTriple, must_look_ahead_of_pools
from costmodel.ops.step import Step
from costmodel.types import Carry, Streaming, TensorType, Window

AXES = ("time", "height", "width")
NONE = (0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class ClipCrop(Op):
    """Frames, rows and columns left out at both ends: `clip[:, :, before:-after]`.

    A stream keeps nothing for it: it leaves out its first frames, so that frame t is handed on as frame
    t - before, and never comes to an end.
    """

    word: ClassVar[str] = "crop"
    is_view: ClassVar[bool] = True

    before: PadTriple = NONE
    after: PadTriple = NONE

    def demands(self, x: TensorType) -> Iterator[Demand]:
        for axis, size, before, after in zip(AXES, x[1:], self.before, self.after, strict=True):
            yield (
                size > before + after,
                "leaves out {} and {} of {} in {}, expected fewer",
                (before, after, size, axis),
            )

    def out(self, x: TensorType) -> TensorType:
        left = (
            size - before - after for size, before, after in zip(x[1:], self.before, self.after, strict=True)
        )
        return TensorType(x.channels, *left)

    def window(self, x: TensorType) -> Window:
        return Window(before=-self.before[0])

    def carry(self, x: TensorType) -> Carry:
        return Carry("none", {})

    def without_time_padding(self, covers: Size | None = None) -> Self:
        return replace(self, before=(0, *self.before[1:]), after=(0, *self.after[1:]))

    def of_each_frame(self, x: TensorType) -> Self | None:
        every = self.without_time_padding()
        return None if every == ClipCrop() else every

    def streamed(self, stream: Streaming, x: TensorType) -> Op:
        each_frame = self.without_time_padding()
        if is_zero(self.before[0]):
            return each_frame
        must_look_ahead_of_pools(self, stream)
        return Step(each_frame, self.window(x).before)

    def allocates(self, x: TensorType) -> int:
        return 0
