"""Ops that treat each value alone: batch norm, activations, dropout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from costmodel.ops.base import Op
from costmodel.types import Shape, TensorType, Work


@dataclass(frozen=True)
class BatchNorm(Op):
    """Batch norm: a scale and a shift for each channel (running statistics are not learned values)."""

    word: ClassVar[str] = "bn"

    eps: Fraction = Fraction(1, 100_000)

    def weights(self, x: TensorType) -> Mapping[str, Shape]:
        return {"weight": (x.channels,), "bias": (x.channels,)}

    def work(self, x: TensorType) -> Work:
        return {"norm": x.values}


@dataclass(frozen=True)
class Activation(Op):
    """A function of each value."""

    kind: ClassVar[str]

    def work(self, x: TensorType) -> Work:
        return {f"activation.{self.kind}": x.values}


@dataclass(frozen=True)
class Relu(Activation):
    """max(x, 0)."""

    word: ClassVar[str] = "relu"
    kind: ClassVar[str] = "relu"


@dataclass(frozen=True)
class Relu6(Activation):
    """min(max(x, 0), 6)."""

    word: ClassVar[str] = "relu6"
    kind: ClassVar[str] = "relu6"


@dataclass(frozen=True)
class Swish(Activation):
    """x * sigmoid(x), also called SiLU."""

    word: ClassVar[str] = "swish"
    kind: ClassVar[str] = "swish"


@dataclass(frozen=True)
class Sigmoid(Activation):
    """1 / (1 + exp(-x))."""

    word: ClassVar[str] = "sigmoid"
    kind: ClassVar[str] = "sigmoid"


@dataclass(frozen=True)
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

    rate: Fraction = Fraction(1, 2)
