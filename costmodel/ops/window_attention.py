"""Attention within windows of a clip, as Swin transformers have it, and rolls that shift them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from costmodel.conditions import equal
from costmodel.numbers import Size
from costmodel.ops.attention import demands_of_heads
from costmodel.ops.base import Demand, Op, PadTriple, Triple
from costmodel.types import FRAMEWISE, Shape, TensorType, Window, Work

AXES = ("time", "height", "width")
NONE = (0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Roll(Op):
    """The first positions of an axis moved behind its last, or its last ahead of its first: `torch.roll`.

    `to_end` counts those of time, height and width that are moved behind the last, `to_front` the others.
    """

    word: ClassVar[str] = "roll"
    has_no_stream: ClassVar[bool] = True
    written: ClassVar[str] = "function"
    repair: ClassVar[str] = "roll height and width alone, with 0 for time"

    to_end: PadTriple = NONE
    to_front: PadTriple = NONE

    def demands(self, x: TensorType) -> Iterator[Demand]:
        for moved in (self.to_end, self.to_front):
            for axis, size, count in zip(AXES, x[1:], moved, strict=True):
                yield count < size, "rolls {} of {} in {}, expected fewer", (count, size, axis)

    @property
    def moves_frames(self) -> bool:
        """Whether it rolls time."""
        return self.to_end[0] != 0 or self.to_front[0] != 0

    def window(self, x: TensorType) -> Window:
        return Window(kernel=x.time, whole_clip=True) if self.moves_frames else FRAMEWISE

    def frames_read(self, answer: int, x: TensorType) -> Collection[int] | None:
        if not self.moves_frames:
            return None
        return [(answer + int(self.to_end[0]) - int(self.to_front[0])) % int(x.time)]

    def in_place(self, x: TensorType) -> Mapping[str, Op]:
        still = replace(self, to_end=(0, *self.to_end[1:]), to_front=(0, *self.to_front[1:]))
        return {"roll height and width alone": still}


@dataclass(frozen=True, kw_only=True)
class WindowAttention(Op):
    """For every position a mean of the values in its window, weighted by their keys  (Liu 2021, eq. 4).

    Windows of (time, height, width) lie next to each other, and each head has its share of the channels.
    With `bias` it learns, for each head and each distance between two positions of a window, what is added
    to their score. Where the clip was rolled by `shift` ahead of it, the last windows hold positions from
    both ends of an axis, which are no neighbours: 100 is taken from their scores  (Liu 2021, sec. 3.2, and
    its code).
    """

    word: ClassVar[str] = "window_attention"
    arity: ClassVar[int | None] = 3
    is_aside: ClassVar[bool] = True
    has_no_stream: ClassVar[bool] = True
    rearranges: ClassVar[bool] = True
    written: ClassVar[str] = "function"
    repair: ClassVar[str] = "give it windows of one frame (windows: [1, ...]), none of them shifted in time"

    windows: Triple
    shift: PadTriple = NONE
    heads: Size = 1
    bias: bool = False

    def demands(self, query: TensorType, key: TensorType, value: TensorType) -> Iterator[Demand]:
        yield from demands_of_heads(query, key, value, self.heads)
        for one, other, third in zip(query[1:], key[1:], value[1:], strict=True):
            for each in (other, third):
                shown = "a query of {}, a key of {} and a value of {} differ in their positions"
                yield equal(one, each), shown, (query, key, value)
        for axis, size, window, shift in zip(AXES, query[1:], self.windows, self.shift, strict=True):
            yield equal(size % window, 0), "windows of {} do not divide {} in {}", (window, size, axis)
            yield shift < window, "a shift by {} of windows of {} in {}, expected less", (shift, window, axis)

    def out(self, query: TensorType, key: TensorType, value: TensorType) -> TensorType:
        return query._replace(channels=value.channels)

    @property
    def distances(self) -> Size:
        """How many distances two positions of a window may have."""
        time, height, width = self.windows
        return (2 * time - 1) * (2 * height - 1) * (2 * width - 1)

    @property
    def looked_up(self) -> Size:
        time, height, width = self.windows
        return (time * height * width) ** 2 if self.bias else 0

    def weights(self, query: TensorType, key: TensorType, value: TensorType) -> Mapping[str, Shape]:
        return {"bias": (self.distances, self.heads)} if self.bias else {}

    def work(self, query: TensorType, key: TensorType, value: TensorType) -> Work:
        time, height, width = self.windows
        pairs = query.positions * time * height * width
        shares = self.heads * pairs
        # The sums are those of the bias, and of the scores that a shift leaves out.
        sums = self.bias + any(self.shift)
        work = {"mac.matmul": (query.channels + value.channels) * pairs, "mul": shares}
        work |= {"add": sums * shares} if sums else {}
        return work | {"activation.softmax": shares, "softmax.rows": self.heads * query.positions}

    @property
    def sees_frames(self) -> bool:
        """Whether a position attends to others than those of its own frame."""
        return self.windows[0] != 1

    def window(self, query: TensorType, key: TensorType, value: TensorType) -> Window:
        if not self.sees_frames:
            return FRAMEWISE
        return Window(kernel=key.time, whole_clip=not (isinstance(key.time, int) and key.time == 1))

    def frames_read(
        self, answer: int, query: TensorType, key: TensorType, value: TensorType
    ) -> Collection[int] | None:
        frames = int(self.windows[0])
        first = answer // frames * frames
        return range(first, first + frames) if self.sees_frames else None

    def in_place(self, query: TensorType, key: TensorType, value: TensorType) -> Mapping[str, Op]:
        window, shift = (1, *self.windows[1:]), (0, *self.shift[1:])
        return {"attend in windows of one frame": replace(self, windows=window, shift=shift)}
