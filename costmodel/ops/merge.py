"""Where branches meet: sums, concatenations and gates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import ClassVar

from costmodel.numbers import either, equal, minimum
from costmodel.ops.base import Demand, Op
from costmodel.types import TensorType, Work


@dataclass(frozen=True)
class Merge(Op):
    """Joins two or more branches. With `crop`, branches of fewer frames are aligned at the first frame."""

    arity: ClassVar[int | None] = None
    written: ClassVar[str] = "operator"

    crop: bool = False

    def demands(self, *inputs: TensorType) -> Iterator[Demand]:
        first, *others = (self._must_agree(x) for x in inputs)
        for x, compared in zip(inputs[1:], others, strict=True):
            for size, wanted in zip(compared, first, strict=True):
                yield equal(size, wanted), "branches differ, {} and {}", (inputs[0], x)

    def out(self, *inputs: TensorType) -> TensorType:
        # Aligned at the first frame: layers without padding in time leave out frames at the end.
        return inputs[0].with_time(reduce(minimum, (x.time for x in inputs))) if self.crop else inputs[0]

    def _must_agree(self, x: TensorType) -> tuple[object, ...]:
        return (x.channels, x.height, x.width) if self.crop else tuple(x)


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


class Gate(Op):
    """The first branch times the second, whose time, height and width may be 1 and then hold everywhere."""

    word: ClassVar[str] = "gate"
    arity: ClassVar[int | None] = 2
    is_gate: ClassVar[bool] = True
    written: ClassVar[str] = "operator"

    def demands(self, x: TensorType, gate: TensorType) -> Iterator[Demand]:
        alike = (
            either(equal(size, wanted), equal(size, 1)) for size, wanted in zip(gate[1:], x[1:], strict=True)
        )
        for fits in (equal(gate.channels, x.channels), *alike):
            yield (
                fits,
                "a gate of {} does not fit {}: same channels, each other axis the same or 1",
                (gate, x),
            )

    def work(self, x: TensorType, gate: TensorType) -> Work:
        return {"mul": x.values}
