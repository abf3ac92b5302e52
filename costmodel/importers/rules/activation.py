"""Functions of each value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from torch import fx

from costmodel.importers.call import Call, learned
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.value import Scores, Value
from costmodel.ops import Op, Prelu, Softmax, op_named

PLAIN = {
    "relu.default": "relu",
    "relu6.default": "relu6",
    "silu.default": "swish",
    "sigmoid.default": "sigmoid",
    "hardswish.default": "hard_swish",
    "hardsigmoid.default": "hard_sigmoid",
    "selu.default": "selu",
    "mish.default": "mish",
    "tanh.default": "tanh",
}


def _plain(word: str) -> Callable[[Call], Value]:
    return lambda call: of_each(call, op_named(word)())


for _target, _word in PLAIN.items():
    rule(_target)(_plain(_word))


def of_each(call: Call, op: Op) -> Value:
    """A function of each value of `self`; zeros that stand around the clip become something else by it."""
    return call.each_value(op, call.settled(call.value()))


@rule("leaky_relu.default")
def leaky_relu(call: Call) -> Value:
    """X above zero, else a share of it."""
    return of_each(call, _made("leaky_relu", negative_slope=call.share("negative_slope")))


@rule("elu.default")
def elu(call: Call) -> Value:
    """X above zero, else alpha (exp(x) - 1)."""
    call.must_be("scale", 1)
    call.must_be("input_scale", 1)
    return of_each(call, _made("elu", alpha=call.share("alpha")))


@rule("celu.default")
def celu(call: Call) -> Value:
    """X above zero, else alpha (exp(x / alpha) - 1): of an alpha of 1 the elu."""
    call.must_be("alpha", 1, "nn.ELU, whose alpha scales the answer alone")
    return of_each(call, op_named("elu")())


@rule("gelu.default")
def gelu(call: Call) -> Value:
    """The exact gelu, or the one by tanh."""
    words = {"none": "gelu", "tanh": "gelu_tanh"}
    return of_each(call, op_named(words[str(call.given["approximate"])])())


@rule("softplus.default")
def softplus(call: Call) -> Value:
    """log(1 + exp(x))."""
    call.must_be("beta", 1)
    call.must_be("threshold", 20)
    return of_each(call, op_named("softplus")())


@rule("hardtanh.default", "clamp.default", "clamp_min.default")
def clamp(call: Call) -> Value:
    """Cut at zero, and perhaps at 6."""
    low, high = ("min_val", "max_val") if "min_val" in call.given else ("min", "max")
    bounds = call.given[low], call.given.get(high)
    inner = _of_keras(call.node.args[0]) if bounds == (0, 1) else None
    if inner is not None:
        call.value()  # what is cut, whose two layers nobody reads then
        value = call.settled(call.as_value(call.meaning(inner)))
        return call.each_value(op_named("hard_sigmoid_keras")(), value)
    words = {(0, 6): "relu6", (0, None): "relu"}
    if bounds not in words:
        raise Refusal(f"cuts at {bounds[0]} and {bounds[1]}", "relu6 cuts at 0 and 6, relu at 0")
    return of_each(call, op_named(words[bounds])())


def _of_keras(node: object) -> fx.Node | None:
    """What stands in 0.2 * x + 0.5, which cut at 0 and 1 is Keras' hard sigmoid; None in anything else."""
    found, wanted = node, (("aten.add.Tensor", 0.5), ("aten.mul.Tensor", 0.2))
    for target, number in wanted:
        if not isinstance(found, fx.Node) or str(found.target) != target or found.kwargs:
            return None
        numbers = [each for each in found.args if not isinstance(each, fx.Node)]
        nodes = found.all_input_nodes
        if numbers != [number] or len(nodes) != 1:
            return None
        (found,) = nodes
    return found if isinstance(found, fx.Node) else None


@rule("prelu.default")
def prelu(call: Call) -> Value:
    """X above zero, else a learned share of it, one for all channels or one for each."""
    weight = call.constant("weight")
    assert weight is not None
    value = call.settled(call.value())
    if weight.shape != (1,):
        value = call.channels_at(value, 1)
    found = learned(weight)
    assert found is not None
    return call.each_value(Prelu(each_channel=weight.shape != (1,)), value, weights={"weight": found})


@rule("softmax.int", "_softmax.default")
def softmax(call: Call) -> Value | Scores:
    """Probabilities over the channels, or of attention over the keys."""
    found = call.found("self")
    call.given.changes_nothing("half_to_float")
    call.must_be("dtype", None)
    if isinstance(found, Scores):
        if call.dimension("dim", len(found.shape)) != len(found.shape) - 1 or found.is_softmax:
            raise Refusal(
                "takes a softmax of scores over another dimension than the keys'", "softmax(dim=-1)"
            )
        return replace(found, is_softmax=True)
    value = call.as_value(found)
    index = call.dimension("dim", len(value.dims))
    value = call.settled(call.channels_at(value, index))
    return call.each_value(Softmax(), value)


def _made(word: str, **options: Fraction) -> Op:
    made: Callable[..., Op] = op_named(word)  # the fields of a row's op are known when it is made alone
    return made(**options)
