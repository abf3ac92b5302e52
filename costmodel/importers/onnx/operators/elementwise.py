"""Functions of each value, sums and products."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from costmodel.importers.onnx.given import Given
from costmodel.importers.onnx.operators.base import operator
from costmodel.importers.refusal import Refusal

# Those that no layer has are refused by the rules of torch's ops, as in a module.
PLAIN: dict[str, Callable[[Tensor], Tensor]] = {
    "Relu": torch.relu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Softplus": F.softplus,
    "HardSwish": F.hardswish,
    "Mish": F.mish,
    "Neg": torch.neg,
    "Abs": torch.abs,
    "Exp": torch.exp,
    "Log": torch.log,
    "Sqrt": torch.sqrt,
    "Erf": torch.erf,
    "Sin": torch.sin,
    "Cos": torch.cos,
    "Floor": torch.floor,
    "Reciprocal": torch.reciprocal,
    "Softsign": F.softsign,
}
BINARY: dict[str, Callable[[Tensor, Tensor | float], Tensor]] = {
    "Sub": torch.sub,
    "Mul": torch.mul,
    "Div": torch.div,
    "Pow": torch.pow,
}


def _plain(function: Callable[[Tensor], Tensor]) -> Callable[[Given], Tensor]:
    return lambda given: function(given.tensor())


def _binary(function: Callable[[Tensor, Tensor | float], Tensor]) -> Callable[[Given], Tensor]:
    return lambda given: function(*_sides(given))


def _sides(given: Given) -> tuple[Tensor, Tensor | float]:
    one, other = given.side(0), given.side(1)
    return (one, other) if isinstance(one, Tensor) else (torch.tensor(one), other)


for _name, _function in PLAIN.items():
    operator(_name)(_plain(_function))
for _name, _joining in BINARY.items():
    operator(_name)(_binary(_joining))


@operator("Add", "Sum")
def add(given: Given) -> Tensor:
    """A sum of tensors, or of one and a number."""
    one, *others = (given.side(index) for index in range(len(given.inputs)))
    if not isinstance(one, Tensor):
        one, others = others[0], [one, *others[1:]]
    assert isinstance(one, Tensor)
    return reduce(torch.add, others, one)


@operator("LeakyRelu")
def leaky_relu(given: Given) -> Tensor:
    """X above zero, else a share of it."""
    return F.leaky_relu(given.tensor(), given.number("alpha", 0.01))


@operator("Elu")
def elu(given: Given) -> Tensor:
    """X above zero, else alpha (exp(x) - 1)."""
    return F.elu(given.tensor(), given.number("alpha", 1.0))


@operator("Celu")
def celu(given: Given) -> Tensor:
    """X above zero, else alpha (exp(x / alpha) - 1)."""
    return F.celu(given.tensor(), given.number("alpha", 1.0))


@operator("Selu")
def selu(given: Given) -> Tensor:
    """The selu of its paper's two numbers."""
    found = given.number("alpha", 1.6732632), given.number("gamma", 1.0507010)
    if abs(found[0] - 1.6732632) > 1e-5 or abs(found[1] - 1.0507010) > 1e-5:
        raise Refusal(f"alpha and gamma are {found[0]} and {found[1]}, expected those of the paper")
    return F.selu(given.tensor())


@operator("Gelu")
def gelu(given: Given) -> Tensor:
    """The exact gelu, or the one by tanh."""
    return F.gelu(given.tensor(), approximate=given.text("approximate", "none"))


@operator("HardSigmoid")
def hard_sigmoid(given: Given) -> Tensor:
    """A line cut at 0 and 1: torch's has a slope of 1/6."""
    slope, middle = given.number("alpha", 0.2), given.number("beta", 0.5)
    if abs(slope - 1 / 6) < 1e-6 and middle == 0.5:
        return F.hardsigmoid(given.tensor())
    return torch.clamp(given.tensor() * slope + middle, 0.0, 1.0)


@operator("PRelu")
def prelu(given: Given) -> Tensor:
    """X above zero, else a learned share of it."""
    value, slope = given.tensor(), given.tensor(1)
    sizes = [size for size in slope.shape if size > 1]
    beside = slope.dim() == value.dim() - 1 and slope.shape[0] == value.shape[1]
    if sizes and not (beside and len(sizes) == 1):
        raise Refusal(f"has slopes of shape {tuple(slope.shape)}", "give it one slope, or one by channel")
    return F.prelu(value, slope.reshape(-1))


@operator("Clip")
def clip(given: Given) -> Tensor:
    """Cut below and above."""
    bounds: list[float | None] = []
    for index, name in ((1, "min"), (2, "max")):
        found = float(given.known(index, name)) if given.has(index) else given.attribute(name)
        bounds.append(None if found is None or abs(float(found)) > 1e30 else float(found))  # type: ignore[arg-type]
    return torch.clamp(given.tensor(), *bounds)


@operator("Softmax")
def softmax(given: Given) -> Tensor:
    """Probabilities over one dimension."""
    value = given.tensor()
    axis = given.whole("axis", -1 if given.opset >= 13 else 1) % value.dim()
    if given.opset < 13 and axis != value.dim() - 1:
        raise Refusal("joins all dimensions from its axis on", "export it with opset 13 or newer")
    return torch.softmax(value, axis)


@operator("Cast", "CastLike")
def cast(given: Given) -> Tensor:
    """Another type of number, which the rules refuse where it is another."""
    given.changes_nothing("saturate", "round_mode")
    if given.node.op_type == "CastLike":
        return given.tensor().to(given.tensor(1).dtype)
    types = {1: torch.float32, 10: torch.float16, 11: torch.float64, 16: torch.bfloat16, 7: torch.int64}
    wanted = given.whole("to", 1)
    if wanted not in types:
        raise Refusal(f"turns numbers into ONNX's type {wanted}", "leave all numbers of one type")
    return given.tensor().to(types[wanted])
