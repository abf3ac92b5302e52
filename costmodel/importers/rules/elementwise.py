"""Sums and products of tensors, of parameters, and of numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

from costmodel.importers.call import Call
from costmodel.importers.dimensions import whole_axis
from costmodel.importers.layout import CHANNELS, HEIGHT, REPEATED, TIME, WIDTH, Dims
from costmodel.importers.learned import Learned, filled
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.rules.running import counts_frames
from costmodel.importers.value import Canvas, Constant, Found, Number, Scores, Value
from costmodel.ops import Add, Bias, Gate, Op, Scale, Sigmoid, Swish

Per = Literal["one", "channel", "map", "frame", "value"]
AXES_OF: dict[Per, tuple[str, ...]] = {
    "one": (),
    "channel": (CHANNELS,),
    "map": (CHANNELS, HEIGHT, WIDTH),
    "frame": (CHANNELS, TIME),
    "value": (CHANNELS, TIME, HEIGHT, WIDTH),
}
Side: TypeAlias = "Found | Number | None"


@rule("add.Tensor", "add.Scalar")
def add(call: Call) -> Value | Scores:
    """A sum of two tensors, or of one and what is learned; of scores of attention and a constant."""
    one, other = _sides(call)
    call.must_be("alpha", 1)
    scores, constant = (one, other) if isinstance(one, Scores) else (other, one)
    if isinstance(scores, Scores) and isinstance(constant, Constant) and not scores.is_softmax:
        return scores.plus(constant)
    if _is_tensor(one) and _is_tensor(other):
        return _merged(call, Add(), call.as_value(one), call.as_value(other))
    value, fixed = (one, other) if _is_tensor(one) else (other, one)
    return plus(call, call.as_value(value), fixed)


@rule("sub.Tensor", "sub.Scalar")
def sub(call: Call) -> Value:
    """A difference: the sum with the other times -1."""
    one, other = _sides(call)
    call.must_be("alpha", 1)
    if _is_tensor(other):
        other = times(call, call.as_value(other), -1.0)
        return _merged(call, Add(), call.as_value(one), other) if _is_tensor(one) else plus(call, other, one)
    return plus(call, call.as_value(one), other, sign=-1.0)


@rule("rsub.Scalar", "rsub.Tensor")
def rsub(call: Call) -> Value:
    """What is fixed less a tensor."""
    call.must_be("alpha", 1)
    return plus(call, times(call, call.value(), -1.0), call.found("other"))


@rule("mul.Tensor", "mul.Scalar")
def mul(call: Call) -> Value | Scores:
    """A product: a gate, x * sigmoid(x), or times what is learned."""
    one, other = _sides(call)
    scores = _scaled_scores(one, other)
    if scores is not None:
        return scores
    if not (_is_tensor(one) and _is_tensor(other)):
        value, fixed = (one, other) if _is_tensor(one) else (other, one)
        return scaled(call, call.as_value(value), fixed)
    first, second = (call.settled(call.as_value(each)) for each in (one, other))
    if _is_gated_by_itself(call, first, second):
        return call.each_value(Swish(), first)
    if _is_gated_by_itself(call, second, first):
        return call.each_value(Swish(), second)
    # A gate is the smaller one; of two alike, either.
    if first.kind.values < second.kind.values:
        first, second = second, first
    return _merged(call, Gate(), first, second)


@rule("div.Tensor", "div.Scalar")
def div(call: Call) -> Value | Scores:
    """A quotient by what is fixed."""
    one, other = _sides(call)
    if isinstance(one, Scores) and isinstance(other, Number) and one.is_plain:
        return replace(one, scale=one.scale / other.number)
    if counts_frames(call, call.node):  # of a running sum, which is a running mean already
        return call.as_value(one)
    if _is_tensor(other):
        raise Refusal("divides by a tensor that depends on the clip", "multiply by a gate")
    return scaled(call, call.as_value(one), other, inverse=True)


@rule("neg.default")
def neg(call: Call) -> Value:
    """The negative."""
    return times(call, call.value(), -1.0)


def _scaled_scores(one: Side, other: Side) -> Scores | None:
    """Scores of attention times a number; None where it is something else."""
    scores, number = (one, other) if isinstance(one, Scores) else (other, one)
    if not isinstance(scores, Scores) or not isinstance(number, Number) or not scores.is_plain:
        return None
    return replace(scores, scale=scores.scale * number.number)


def times(call: Call, value: Value, number: float) -> Value:
    """A value times a number."""
    return scaled(call, value, Number(number))


def scaled(call: Call, value: Value, fixed: Side, *, inverse: bool = False) -> Value:
    """A value times, or over, what is learned or fixed."""
    value = call.settled(value)
    if isinstance(fixed, Number):
        factor = 1 / fixed.number if inverse else fixed.number
        return value if factor == 1 else call.each_value(Scale(per="one"), value, weights=_number(factor))
    if inverse:
        raise Refusal("divides by a tensor", "multiply by its inverse")
    per, weight = _learned(call, value, fixed)
    return call.each_value(Scale(per=per), value, weights={"weight": weight})


def plus(call: Call, value: Value, fixed: Side, sign: float = 1.0) -> Value:
    """A value and what is learned or fixed."""
    value = call.settled(value)
    if isinstance(fixed, Number):
        number = sign * fixed.number
        weights = {"bias": _number(number)["weight"]}
        return value if number == 0 else call.each_value(Bias(per="one"), value, weights=weights)
    if sign != 1:
        raise Refusal("subtracts a tensor that is learned", "add its negative")
    per, bias = _learned(call, value, fixed)
    return call.each_value(Bias(per=per), value, weights={"bias": bias})


def _sides(call: Call) -> tuple[Side, Side]:
    return call.found("self"), call.found("other")


def _is_tensor(side: Side) -> bool:
    return isinstance(side, Value | Canvas | Scores)  # scores are refused where they are read


def _number(number: float) -> dict[str, Learned]:
    return {"weight": filled((), number)}


def _learned(call: Call, value: Value, fixed: Side) -> tuple[Per, Learned]:
    """Which values share one of a learned tensor's, and that tensor in our order of axes.

    Raises:
        Refusal: it has values for an axis and not for others, as no layer of ours has.
    """
    if not isinstance(fixed, Constant):
        raise Refusal("takes a tensor that is neither the clip's nor the module's")
    if value.is_each:
        raise Refusal("adds or multiplies a tensor to one frame of a loop", "do so on the whole clip")
    ahead = len(value.dims) - len(fixed.shape)
    spread = [index + ahead for index, size in enumerate(fixed.shape) if size > 1]
    if ahead < 0 or any(fixed.shape[index - ahead] != call.shape[index] for index in spread):
        raise Refusal("is enlarged by a learned tensor", "expand it first")
    atoms = [(atom, index) for index in spread for atom in value.dims[index]]
    axes = [whole_axis(value, (atom,), index) for atom, index in atoms]
    there = {*axes, *(axis for axis in AXES_OF["value"] if value.size(axis) == 1)}
    kinds: list[Per] = [per for per, wanted in AXES_OF.items() if set(axes) <= set(wanted) <= there]
    if not kinds:
        raise Refusal(
            f"has values of its own by {' and '.join(axes)}",
            "learn one value, or one by channel, by channel and position, or by channel and frame",
        )
    wanted = [axis for axis in AXES_OF["value"] if axis in axes]
    if axes == wanted:
        return kinds[0], Learned(fixed)
    if len(axes) != len(spread):
        raise Refusal("is learned with its axes joined in another order", "keep a dimension for each axis")
    places = [spread[axes.index(axis)] - ahead for axis in wanted]
    rest = [index for index in range(len(fixed.shape)) if index not in places]
    return kinds[0], Learned(fixed, (*places, *rest))


def _merged(call: Call, op: Op, one: Value, other: Value) -> Value:
    """A layer that joins two tensors position by position."""
    one, other = call.settled(one), call.settled(other)
    rank = max(len(one.dims), len(other.dims))
    first, second = (((),) * (rank - len(each.dims)) + each.dims for each in (one, other))
    for index, (left, right) in enumerate(zip(first, second, strict=True)):
        if left != right and not _spreads(left) and not _spreads(right):
            raise Refusal(
                f"dimension {index} holds other values in one than in the other",
                "bring both into the same order of axes",
            )
        if left != right and not _spreads(right):
            raise Refusal(
                "the smaller of the two would have to be enlarged", "expand it, or multiply instead of adding"
            )
    _must_fit(one, other, spreads=isinstance(op, Gate))
    if one.is_each != other.is_each or (one.is_each and one.box != other.box):
        raise Refusal("joins one frame of a loop with something else", "join whole clips")
    found = call.each_value(op, one, other)
    return replace(found, dims=first, box={**one.box})


def _spreads(dim: Dims | tuple[object, ...]) -> bool:
    return all(getattr(atom, "axis", None) == REPEATED for atom in dim)


def _must_fit(one: Value, other: Value, *, spreads: bool) -> None:
    """Demands equal sizes of all axes: those of size 1 leave no trace in dimensions."""
    for axis in AXES_OF["value"]:
        size, found = one.size(axis), other.size(axis)
        if found != size and not (spreads and found == 1):
            raise Refusal(
                f"joins {size} and {found} positions of {axis}",
                "a gate may have one position of time, height and width; a sum needs all of them",
            )


def _is_gated_by_itself(call: Call, value: Value, gate: Value) -> bool:
    """Whether a gate is the sigmoid of what it gates."""
    node = next((each for each in call.builder.nodes if each.name == gate.edge), None)
    if node is None or not isinstance(node.op, Sigmoid) or node.inputs != (value.edge,):
        return False
    return value.dims == gate.dims and value.box == gate.box
