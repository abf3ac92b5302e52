"""A graph written as a spec and read again is the same graph."""

import numpy as np
import pytest

import costmodel
from costmodel.errors import GraphError
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Conv, MaxPool, Relu
from costmodel.spec import elaborate, from_text, shipped_names
from costmodel.spec.write import dump
from costmodel.types import TensorType


def read_again(graph: Graph) -> Graph:
    return elaborate(from_text(dump(graph)))


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_network_is_read_again(name: str):
    graph = costmodel.load(name)
    assert read_again(graph) == graph
    assert read_again(graph).types == graph.types


def small() -> Graph:
    nodes = (
        Node("a", Conv(channels=4, kernel=(1, 3, 3), bias=True), (INPUT,)),
        Node("b.pool", MaxPool(kernel=(1, None, 2)), ("a",)),
        Node("true", Relu(), ("a",)),
    )
    return Graph("two words", TensorType(3, 4, 8, 8), nodes, every=2)


def test_a_written_spec_is_short():
    assert dump(small()).splitlines()[1:] == [
        'name: "two words"',
        "input: {channels: 3, time: 4, height: 8, width: 8, every: 2}",
        "network:",
        "  - conv: {as: a, kernel: [1, 3, 3], channels: 4, bias: true}",
        "  - max_pool: {name: b.pool, kernel: [1, all, 2]}",
        '  - relu: {name: "true", from: [a]}',
    ]


def test_names_that_look_like_values_are_read_again():
    assert read_again(small()) == small()


def test_a_stream_is_written_as_its_clip_network():
    with pytest.raises(
        GraphError, match="x3d_s: is a stream, and specs hold clip networks; write the one it was made from"
    ):
        dump(costmodel.continual(costmodel.load("x3d_s")))


def test_arrays_cannot_be_written():
    graph = Graph("swept", TensorType(3, 1, 8, 8), (Node("a", Conv(channels=np.array([1, 2])), (INPUT,)),))
    with pytest.raises(GraphError, match=r"a: \[1 2\] is not a number; only numbers can be written"):
        dump(graph)
