"""Ops that treat each value alone: batch norm, activations, dropout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, NamedTuple

from costmodel.ops.base import Op
from costmodel.types import Shape, TensorType, Work


@dataclass(frozen=True)
class BatchNorm(Op):
    """Batch norm: a scale and a shift for each channel (running statistics are not learned values)."""

    word: ClassVar[str] = "bn"

    eps: Fraction = Fraction(1, 100_000)

    @property
    def norm_eps(self) -> Fraction:
        return self.eps

    def weights(self, x: TensorType) -> Mapping[str, Shape]:
        return {"weight": (x.channels,), "bias": (x.channels,)}

    def work(self, x: TensorType) -> Work:
        return {"norm": x.values}


class Activation(Op):
    """A function of each value."""

    kind: ClassVar[str]

    def work(self, x: TensorType) -> Work:
        return {f"activation.{self.kind}": x.values}


class Elementwise(Activation):
    """A function of each value alone: one of the rows of `ROWS`."""

    function: ClassVar[str]


class Row(NamedTuple):
    """What an elementwise op is made of, in a spec, in torch and in written source.

    Args:
        word: what a spec calls it; its class has the same name in capitals, `hard_swish` being HardSwish.
        function: torch's function, as source has it. One of `F` can run in place, one of `torch` has a method
            of its name and an underscore that does.
        kind: its kind of work, `activation.kind`.
        about: what it computes.
    """

    word: str
    function: str
    kind: str
    about: str


ROWS = (
    Row("relu", "F.relu", "relu", "max(x, 0)."),
    Row("relu6", "F.relu6", "relu6", "min(max(x, 0), 6)."),
    Row("swish", "F.silu", "swish", "x * sigmoid(x), also called SiLU."),
    Row("sigmoid", "torch.sigmoid", "sigmoid", "1 / (1 + exp(-x))."),
)


def elementwise(row: Row) -> type[Elementwise]:
    """The op of a row."""
    facts = {"word": row.word, "kind": row.kind, "function": row.function}
    names = {"__doc__": row.about, "__module__": __name__}
    return type(row.word.title().replace("_", ""), (Elementwise,), facts | names)


ELEMENTWISE = {op.__name__: op for op in map(elementwise, ROWS)}
globals().update(ELEMENTWISE)  # where a pickled network looks for its ops
Relu, Relu6 = ELEMENTWISE["Relu"], ELEMENTWISE["Relu6"]
Swish, Sigmoid = ELEMENTWISE["Swish"], ELEMENTWISE["Sigmoid"]


class Softmax(Activation):
    """exp(x) over its sum across the channels, at every position: probabilities."""

    word: ClassVar[str] = "softmax"
    kind: ClassVar[str] = "softmax"

    def work(self, x: TensorType) -> Work:
        return {**super().work(x), "softmax.rows": x.positions}


@dataclass(frozen=True)
class Dropout(Op):
    """Zeroes values at random in training; the identity when the network runs."""

    word: ClassVar[str] = "dropout"
    is_view: ClassVar[bool] = True
    is_random: ClassVar[bool] = True

    rate: Fraction = Fraction(1, 2)
