"""Elementwise ops are rows of one table: the ops, the layers that run and the source are made from them."""

import pickle

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from costmodel.emit.modules import layer_for
from costmodel.emit.modules.base import MIRRORS
from costmodel.emit.modules.pointwise import ElementwiseLayer
from costmodel.emit.modules.written import SOURCES, written
from costmodel.ops import OPS, Relu
from costmodel.ops.pointwise import ELEMENTWISE, ROWS, Row, elementwise
from costmodel.types import TensorType

X = TensorType(2, 1, 3, 3)
FUNCTIONS = {"relu": F.relu, "relu6": F.relu6, "swish": F.silu, "sigmoid": torch.sigmoid}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.word)
def test_a_row_says_what_runs_what_is_counted_and_what_is_written(row: Row):
    op = OPS[row.word]()
    values = torch.linspace(-9, 9, 18).reshape(1, 2, 1, 3, 3)
    layer = layer_for(op, (X,))
    assert torch.equal(layer(values), FUNCTIONS[row.word](values))
    assert torch.equal(layer.overwrite(values.clone()), layer(values))
    assert op.work(X) == {f"activation.{row.kind}": 18}
    assert written(op, (X,)).call == row.function
    assert pickle.loads(pickle.dumps(op)) == op
    assert type(op).__doc__ == row.about


def test_another_row_is_all_that_a_new_function_needs():
    op = elementwise(Row("tanh", "torch.tanh", "tanh", "The hyperbolic tangent."))
    MIRRORS[op] = ElementwiseLayer
    SOURCES[op] = SOURCES[Relu]
    try:
        values = torch.linspace(-2, 2, 18).reshape(1, 2, 1, 3, 3)
        layer = layer_for(op(), (X,))
        assert torch.equal(layer(values), torch.tanh(values))
        assert torch.equal(layer.overwrite(values.clone()), torch.tanh(values))
        assert written(op(), (X,)).call == "torch.tanh"
    finally:
        del OPS["tanh"], MIRRORS[op], SOURCES[op]


def test_the_ops_keep_their_names():
    assert ELEMENTWISE["Relu"] is Relu
    assert repr(Relu()) == "Relu()"
