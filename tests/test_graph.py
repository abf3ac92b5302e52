"""Graphs are checked when they are made, and work each fact out once."""

from itertools import pairwise

import pytest

from costmodel.errors import GraphError, ShapeError
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Add, Conv, Op, Relu
from costmodel.types import TensorType

X = TensorType(4, 3, 6, 6)
CONV = Conv(channels=4, kernel=(1, 3, 3))


def graph(*nodes: Node) -> Graph:
    return Graph("made up", X, nodes)


def chain(length: int) -> Graph:
    names = [INPUT, *(f"layer{index}" for index in range(length))]
    return graph(*(Node(name, CONV, (source,)) for source, name in pairwise(names)))


def test_a_graph_knows_the_type_of_every_edge():
    made = graph(Node("a", Conv(channels=8, stride=(1, 2, 2)), (INPUT,)), Node("b", Relu(), ("a",)))
    assert made.types == {INPUT: X, "a": TensorType(8, 3, 3, 3), "b": TensorType(8, 3, 3, 3)}
    assert made.output == "b"


def test_readers_are_listed_once_and_in_order():
    made = graph(Node("a", Relu(), (INPUT,)), Node("b", Add(), ("a", "a")), Node("c", Add(), ("a", "b")))
    assert made.consumers == {INPUT: ("a",), "a": ("b", "c"), "b": ("c",), "c": ()}


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ((), "made up: a network needs at least one layer"),
        ((Node("a", Relu(), (INPUT,)),) * 2, "a: this name is used twice"),
        ((Node(INPUT, Relu(), (INPUT,)),), "input: this name is used twice"),
        (
            (Node("conv1", Relu(), (INPUT,)), Node("b", Relu(), ("conv2",))),
            "b: reads 'conv2', which is not defined before it (did you mean 'conv1'?)",
        ),
        ((Node("a", Add(), (INPUT,)),), "a: joins two or more branches, got 1"),
    ],
)
def test_nodes_that_do_not_fit_together_are_named(nodes: tuple[Node, ...], message: str):
    with pytest.raises(GraphError) as error:
        graph(*nodes)
    assert str(error.value) == message


def test_a_shape_that_does_not_fit_names_its_node():
    with pytest.raises(ShapeError, match="late: 3 groups do not divide 4 input channels"):
        graph(Node("early", Relu(), (INPUT,)), Node("late", Conv(channels=3, groups=3), ("early",)))


def test_a_fact_is_worked_out_once_for_equal_layers():
    calls = []

    def count(op: Op, inputs: tuple[TensorType, ...]) -> int:
        calls.append(op)
        return len(calls)

    assert set(chain(1000).map(count).values()) == {1}
    assert len(calls) == 1


def test_networkx_has_the_ops_types_and_figures():
    drawn = graph(Node("a", CONV, (INPUT,)), Node("b", Add(), ("a", INPUT))).networkx()
    assert list(drawn.edges) == [(INPUT, "a"), (INPUT, "b"), ("a", "b")]
    assert drawn.nodes["a"] == {"op": "Conv", "type": "4x3x6x6", "params": 144, "macs": 144 * 3 * 36}
    assert drawn.edges["a", "b"] == {"type": "4x3x6x6"}
