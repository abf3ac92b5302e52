"""Where branches meet: sums, concatenations and gates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add
from typing import ClassVar, Literal, Self, TypeAlias

from costmodel.conditions import either, equal
from costmodel.numbers import Size, maximum, minimum, where
from costmodel.ops.base import Demand, Kept, Op
from costmodel.types import Streaming, TensorType, Work

Crop: TypeAlias = "bool | Literal['centred', 'newest']"
FIRST = "first"
CROPS: tuple[str, ...] = (FIRST, "centred", "newest")


@dataclass(frozen=True)
class _Crops(Op):
    """What joins branches, which may have unequal numbers of frames where it crops.

    With `crop` all are cut to the shortest: `first` (or true) keeps their first frames, `newest` their last,
    `centred` leaves out as many ahead as behind, of an odd number the one more behind. Layers without padding
    in time are what leaves frames out: at its output a window of k has lost k - 1 frames at the end.

    On a stream nothing is cut: a branch whose frames are left out ahead is read so many frames `ahead`.
    """

    written: ClassVar[str] = "operator"
    hidden: ClassVar[frozenset[str]] = frozenset({"ahead", "filled"})

    crop: Crop = False
    ahead: tuple[Size, ...] = field(default=(), kw_only=True)

    def frames(self, *inputs: TensorType) -> Size:
        """The frames that all branches have."""
        return reduce(minimum, (x.time for x in inputs))

    def skips(self, *inputs: TensorType) -> tuple[Size, ...]:
        if self.ahead or self.crop not in CROPS:
            return self.ahead or super().skips(*inputs)
        shortest = self.frames(*inputs)
        left_out = (x.time - shortest for x in inputs)
        return tuple(each if self.crop == "newest" else each // 2 for each in left_out)

    def cropping(self, where: Kept) -> Self:
        return replace(self, crop=where if where != "first" else True)

    def streamed(self, stream: Streaming, *inputs: TensorType) -> Self:
        return replace(self, ahead=self.skips(*inputs)) if self.crop in CROPS else self


@dataclass(frozen=True)
class Merge(_Crops):
    """Joins two or more branches.

    `filled`, shorter ones get zeros at both ends, of an odd number the one more behind: pathways of sampled
    networks have numbers of frames of their own  (Fayyaz 2021, supplementary A).
    """

    arity: ClassVar[int | None] = None

    filled: bool = field(default=False, kw_only=True)

    def demands(self, *inputs: TensorType) -> Iterator[Demand]:
        first, *others = (self._must_agree(x) for x in inputs)
        for x, compared in zip(inputs[1:], others, strict=True):
            for size, wanted in zip(compared, first, strict=True):
                yield equal(size, wanted), "branches differ, {} and {}", (inputs[0], x)

    def frames(self, *inputs: TensorType) -> Size:
        return reduce(maximum, (x.time for x in inputs)) if self.filled else super().frames(*inputs)

    def out(self, *inputs: TensorType) -> TensorType:
        return inputs[0].with_time(self.frames(*inputs)) if self.crop or self.filled else inputs[0]

    def filling(self) -> Self:
        return replace(self, filled=True)

    def _must_agree(self, x: TensorType) -> tuple[object, ...]:
        return (x.channels, x.height, x.width) if self.crop or self.filled else tuple(x)


class Add(Merge):
    """The sum of the branches."""

    word: ClassVar[str] = "add"
    hands_on_gradient: ClassVar[bool] = True

    def work(self, *inputs: TensorType) -> Work:
        return {"add": (len(inputs) - 1) * self.out(*inputs).values}


class Concat(Merge):
    """The branches one after the other in channels."""

    word: ClassVar[str] = "concat"
    hands_on_gradient: ClassVar[bool] = True

    def out(self, *inputs: TensorType) -> TensorType:
        return super().out(*inputs)._replace(channels=reduce(add, (x.channels for x in inputs)))

    def _must_agree(self, x: TensorType) -> tuple[object, ...]:
        # Channels are what differs.
        return super()._must_agree(x)[1:]


class Gate(_Crops):
    """The first branch times the second, whose time, height and width may be 1 and then hold everywhere."""

    word: ClassVar[str] = "gate"
    arity: ClassVar[int | None] = 2
    is_gate: ClassVar[bool] = True

    def frames(self, *inputs: TensorType) -> Size:
        x, gate = inputs
        return where(equal(gate.time, 1), x.time, minimum(x.time, gate.time))

    def skips(self, *inputs: TensorType) -> tuple[Size, ...]:
        found = super().skips(*inputs)
        if self.ahead or self.crop not in CROPS:
            return found
        return found[0], where(equal(inputs[1].time, 1), 0, found[1])

    def out(self, *inputs: TensorType) -> TensorType:
        return inputs[0].with_time(self.frames(*inputs)) if self.crop else inputs[0]

    def demands(self, x: TensorType, gate: TensorType) -> Iterator[Demand]:
        compared = zip(gate[2 if self.crop else 1 :], x[2 if self.crop else 1 :], strict=True)
        alike = (either(equal(size, wanted), equal(size, 1)) for size, wanted in compared)
        for fits in (equal(gate.channels, x.channels), *alike):
            yield (
                fits,
                "a gate of {} does not fit {}: same channels, each other axis the same or 1",
                (gate, x),
            )

    def work(self, x: TensorType, gate: TensorType) -> Work:
        return {"mul": self.out(x, gate).values}
