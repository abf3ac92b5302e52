"""Calls that no layer here is: what is known of one is its shape, and what a user says that it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from costmodel.errors import TransformError
from costmodel.numbers import Size
from costmodel.ops.base import Demand, Op
from costmodel.types import FRAMEWISE, Shape, Streaming, TensorType, Window, Work

# A number of anything, which may be far larger than the size of an axis.
Amount: TypeAlias = Size


@dataclass(frozen=True)
class Foreign(Op):
    """A call that `import` has no layer for: its shape and its costs are known, or its shape alone.

    Its answer has as many frames as it reads where `time` is 0. It sees so many `frames` at once, 0 for all
    of the clip; `macs` are those of each frame where it sees one, else those of the clip. Where it is not
    known (`is_known: false`), all totals leave it out and say `partial`. It cannot be run.
    """

    word: ClassVar[str] = "foreign"
    runs: ClassVar[bool] = False
    repair: ClassVar[str] = (
        "write it with layers that are known, or declare it with `frames: 1` if it sees one"
    )

    channels: Size
    height: Size
    width: Size
    time: Amount = 0
    macs: Amount = 0
    params: Amount = 0
    frames: Amount = 1
    is_known: bool = True

    @property
    def is_hole(self) -> bool:
        """Whether nothing is known of it but its shape."""
        return not self.is_known

    def demands(self, *inputs: TensorType) -> Iterator[Demand]:
        yield self.frames != 1 or self.time == 0, "sees one frame, and answers {} of them", (self.time,)

    def out(self, *inputs: TensorType) -> TensorType:
        return TensorType(self.channels, self.time or inputs[0].time, self.height, self.width)

    def weights(self, *inputs: TensorType) -> Mapping[str, Shape]:
        return {"values": (self.params,)} if self.params else {}

    def work(self, *inputs: TensorType) -> Work:
        if self.is_hole or not self.macs:
            return {}
        return {"mac.foreign": self.macs * inputs[0].time if self.frames == 1 else self.macs}

    def window(self, *inputs: TensorType) -> Window:
        if self.frames == 1:
            return FRAMEWISE
        if not self.frames:
            return Window(kernel=inputs[0].time, whole_clip=True)
        return Window(kernel=self.frames, before=self.frames // 2)

    def streamed(self, stream: Streaming, *inputs: TensorType) -> Op:
        if self.is_hole:
            raise TransformError(
                "is a call that import could not read, and nothing is known of the frames that it sees; "
                "write it with layers that are known, or declare it in a file for import --ops"
            )
        if self.frames == 1:
            return self
        raise TransformError(
            f"is a call that was declared to see {self.frames or 'all'} frames, and only calls of one frame "
            "can run frame by frame; write it with layers that are known"
        )


@dataclass(frozen=True)
class ForeignMerge(Foreign):
    """A call of several tensors that `import` has no layer for, as `foreign` is one of one tensor."""

    word: ClassVar[str] = "foreign_merge"
    arity: ClassVar[int | None] = None
