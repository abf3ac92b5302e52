"""Elementwise ops are rows of one table: the ops, the layers that run and the source are made from them."""

import pickle
from collections.abc import Callable
from fractions import Fraction
from functools import partial

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from costmodel.emit.modules import layer_for
from costmodel.emit.modules.base import MIRRORS
from costmodel.emit.modules.pointwise import ElementwiseLayer
from costmodel.emit.modules.written import SOURCES, written
from costmodel.errors import SpecError
from costmodel.ops import OPS, Relu
from costmodel.ops.pointwise import ELEMENTWISE, ROWS, Row, elementwise
from costmodel.spec import elaborate, from_text
from costmodel.spec.write import dump
from costmodel.types import TensorType

X = TensorType(2, 1, 3, 3)
FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "relu6": F.relu6,
    "swish": F.silu,
    "sigmoid": torch.sigmoid,
    "hard_swish": F.hardswish,
    "hard_sigmoid": lambda x: (x / 6 + 0.5).clamp(0, 1),
    "hard_sigmoid_keras": lambda x: (0.2 * x + 0.5).clamp(0, 1),
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
    "softplus": F.softplus,
    "mish": F.mish,
    "tanh": torch.tanh,
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.word)
def test_a_row_says_what_runs_what_is_counted_and_what_is_written(row: Row):
    op = OPS[row.word]()
    values = torch.linspace(-9, 9, 18).reshape(1, 2, 1, 3, 3)
    layer = layer_for(op, (X,))
    torch.testing.assert_close(layer(values), FUNCTIONS[row.word](values), rtol=1e-6, atol=1e-7)
    assert torch.equal(layer.overwrite(values.clone()), layer(values))
    assert op.work(X) == {f"activation.{row.kind}": 18}
    assert written(op, (X,)).call == row.function
    assert pickle.loads(pickle.dumps(op)) == op
    assert type(op).__doc__ == row.about


def test_another_row_is_all_that_a_new_function_needs():
    op = elementwise(Row("atan", "torch.atan", "atan", "The arc tangent."))
    MIRRORS[op] = ElementwiseLayer
    SOURCES[op] = SOURCES[Relu]
    try:
        values = torch.linspace(-2, 2, 18).reshape(1, 2, 1, 3, 3)
        layer = layer_for(op(), (X,))
        assert torch.equal(layer(values), torch.atan(values))
        assert torch.equal(layer.overwrite(values.clone()), torch.atan(values))
        assert written(op(), (X,)).call == "torch.atan"
    finally:
        del OPS["atan"], MIRRORS[op], SOURCES[op]


def test_the_ops_keep_their_names():
    assert ELEMENTWISE["Relu"] is Relu
    assert repr(Relu()) == "Relu()"


@pytest.mark.parametrize(
    ("word", "same"),
    [
        ("silu", "swish"),
        ("hardswish", "hard_swish"),
        ("hardsigmoid", "hard_sigmoid"),
        ("leakyrelu", "leaky_relu"),
    ],
)
def test_pytorchs_names_are_known_too(word: str, same: str):
    assert OPS[word] is OPS[same]


def test_fields_of_a_row_reach_torch():
    op = OPS["leaky_relu"](negative_slope=Fraction(1, 4))
    assert layer_for(op, (X,))(torch.tensor([-8.0])).item() == -2
    assert layer_for(op, (X,)).overwrite(torch.tensor([-8.0])).item() == -2
    assert written(op, (X,)).call_options == {"negative_slope": "0.25"}


def test_a_spec_gives_a_slope_and_is_told_of_a_wrong_one():
    layers = "network: [leaky_relu: {negative_slope: 0.2}, prelu: {each_channel: true}, silu, identity]"
    head = "name: net\ninput: {channels: 3, time: 2, height: 4, width: 4}\n"
    graph = elaborate(from_text(head + layers))
    assert [node.op.described for node in graph.nodes] == ["negative_slope 1/5", "each_channel True", "", ""]
    assert [node.name for node in graph.nodes] == ["leaky_relu", "prelu", "silu", "identity"]
    assert dump(graph).count("- swish: {name: silu}") == 1
    with pytest.raises(SpecError, match="negative_slope: the number 2, expected a number from 0 to 1"):
        elaborate(from_text(head + "network: [leaky_relu: {negative_slope: 2}]"))
