"""Attention between positions, as non-local blocks have it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from costmodel.numbers import equal
from costmodel.ops.base import Demand, Op
from costmodel.types import TensorType, Window, Work


@dataclass(frozen=True)
class Attention(Op):
    """For every position of the query a mean of the value, weighted by the key  (Wang 2018, eq. 1 to 4).

    The weights are softmax(query . key / sqrt(c)) over the key's positions, or with `softmax` false
    query . key over their number.
    """

    word: ClassVar[str] = "attention"
    arity: ClassVar[int | None] = 3
    is_aside: ClassVar[bool] = True
    written: ClassVar[str] = "function"
    repair: ClassVar[str] = "leave it out, or let every frame attend to itself alone"

    softmax: bool = True

    def demands(self, query: TensorType, key: TensorType, value: TensorType) -> Iterator[Demand]:
        yield (
            equal(query.channels, key.channels),
            "a query of {} and a key of {} channels",
            (query[0], key[0]),
        )
        for one, other in zip(key[1:], value[1:], strict=True):
            yield equal(one, other), "a key of {} and a value of {} differ in their positions", (key, value)

    def out(self, query: TensorType, key: TensorType, value: TensorType) -> TensorType:
        return query._replace(channels=value.channels)

    def work(self, query: TensorType, key: TensorType, value: TensorType) -> Work:
        # Two matrix products over all pairs, of query and key and
        # of the shares and the value; the scale is the `mul`.
        pairs = query.positions * key.positions
        work = {"mac.matmul": (query.channels + value.channels) * pairs, "mul": pairs}
        return work | ({"activation.softmax": pairs, "softmax.rows": query.positions} if self.softmax else {})

    def window(self, query: TensorType, key: TensorType, value: TensorType) -> Window:
        # Over one frame it sees nothing but that frame; a symbol may be more than one.
        return Window(kernel=key.time, whole_clip=not (isinstance(key.time, int) and key.time == 1))
