"""Ops that treat each value alone: batch norm, activations, dropout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from costmodel.numbers import Size
from costmodel.ops.base import OPS, Op
from costmodel.types import Shape, TensorType, Work


@dataclass(frozen=True)
class BatchNorm(Op):
    """Batch norm: a scale and a shift for each channel (running statistics are not learned values)."""

    word: ClassVar[str] = "bn"

    # Added to the variance; a fraction, so that a network's address does not hang on a float's text.
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

    row: ClassVar[Row]

    @property
    def given(self) -> Mapping[str, float | str]:
        """What torch's function takes beside the values, by name."""
        return {**self.row.fixed, **{name: float(getattr(self, name)) for name in self.row.options}}


class Row(NamedTuple):
    """What an elementwise op is made of, in a spec, in torch and in written source.

    Args:
        word: what a spec calls it; its class has the same name in capitals, `hard_swish` being HardSwish.
        function: torch's function, as source has it; one without a dot is a text that source carries along.
        kind: its kind of work, `activation.kind`.
        about: what it computes.
        also: other words for it, as PyTorch calls it.
        options: fields of the word, which torch's function takes under the same names, with their defaults.
        fixed: what torch's function is given besides.
        in_place: whether it can overwrite its input: a function of `F` by its option `inplace`, one of
            `torch` by the method of its name and an underscore.
    """

    word: str
    function: str
    kind: str
    about: str
    also: tuple[str, ...] = ()
    options: Mapping[str, Fraction] = MappingProxyType({})
    fixed: Mapping[str, str] = MappingProxyType({})
    in_place: bool = True


ROWS = (
    Row("relu", "F.relu", "relu", "max(x, 0)."),
    Row("relu6", "F.relu6", "relu6", "min(max(x, 0), 6)."),
    Row("swish", "F.silu", "swish", "x * sigmoid(x), also called SiLU.", also=("silu",)),
    Row("sigmoid", "torch.sigmoid", "sigmoid", "1 / (1 + exp(-x))."),
    Row("hard_swish", "F.hardswish", "hard_swish", "x * min(max(x / 6 + 0.5, 0), 1).", also=("hardswish",)),
    Row(
        "hard_sigmoid", "F.hardsigmoid", "hard_sigmoid", "min(max(x / 6 + 0.5, 0), 1).", also=("hardsigmoid",)
    ),
    Row(
        "hard_sigmoid_keras",
        "hard_sigmoid_keras",
        "hard_sigmoid_keras",
        "min(max(0.2 x + 0.5, 0), 1): Keras' hard sigmoid, which is not torch's.",
        in_place=False,
    ),
    Row(
        "leaky_relu",
        "F.leaky_relu",
        "leaky_relu",
        "x above zero, else negative_slope * x.",
        also=("leakyrelu",),
        options={"negative_slope": Fraction(1, 100)},
    ),
    Row("elu", "F.elu", "elu", "x above zero, else alpha * (exp(x) - 1).", options={"alpha": Fraction(1)}),
    Row("selu", "F.selu", "selu", "A scaled elu that keeps mean and variance  (Klambauer 2017)."),
    Row("gelu", "F.gelu", "gelu", "x * P(X <= x) of a standard normal X.", in_place=False),
    Row(
        "gelu_tanh",
        "F.gelu",
        "gelu",
        "x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), close to gelu.",
        fixed={"approximate": "tanh"},
        in_place=False,
    ),
    Row("softplus", "F.softplus", "softplus", "log(1 + exp(x)).", in_place=False),
    Row("mish", "F.mish", "mish", "x * tanh(log(1 + exp(x)))."),
    Row("tanh", "torch.tanh", "tanh", "The hyperbolic tangent."),
)


def elementwise(row: Row) -> type[Elementwise]:
    """The op of a row, known by all its words."""
    # Made as if written out, so that the class is found by specs, pickle and `explain` as any other.
    facts = {"word": row.word, "kind": row.kind, "row": row, **row.options}
    names = {"__doc__": row.about, "__module__": __name__}
    annotations = {"__annotations__": dict.fromkeys(row.options, "Fraction")}
    name = row.word.title().replace("_", "")
    made: type[Elementwise] = type(name, (Elementwise,), facts | names | annotations)
    # A class without fields of its own inherits those methods; making them takes time at every start.
    if row.options:
        made = dataclass(frozen=True)(made)
    OPS.update(dict.fromkeys(row.also, made))
    return made


ELEMENTWISE = {op.__name__: op for op in map(elementwise, ROWS)}
globals().update(ELEMENTWISE)  # where a pickled network looks for its ops
Relu, Relu6 = ELEMENTWISE["Relu"], ELEMENTWISE["Relu6"]
Swish, Sigmoid = ELEMENTWISE["Swish"], ELEMENTWISE["Sigmoid"]


@dataclass(frozen=True)
class Prelu(Activation):
    """x above zero, else slope * x, its slopes learned: one for all channels, or one for each  (He 2015)."""

    word: ClassVar[str] = "prelu"
    kind: ClassVar[str] = "prelu"

    each_channel: bool = False

    def weights(self, x: TensorType) -> Mapping[str, Shape]:
        return {"weight": (x.channels if self.each_channel else 1,)}


class Identity(Op):
    """What comes in, unchanged."""

    word: ClassVar[str] = "identity"
    is_view: ClassVar[bool] = True
    hands_on_gradient: ClassVar[bool] = True

    def allocates(self, x: TensorType) -> Size:
        return 0


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
