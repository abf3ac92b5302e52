"""Edits to a graph: what they give, what they refuse, and the names that they make."""

from pathlib import Path

import pytest

from costmodel import Graph, Node, TensorType, analyze, continual
from costmodel.edit import Editor
from costmodel.errors import GraphError, ShapeError
from costmodel.graph import INPUT
from costmodel.ops import Add, Conv, ConvGru, Relu, Sigmoid
from costmodel.spec import elaborate, from_text

THREE_RATES = """
input: {channels: 3, time: 8, height: 6, width: 6}
network:
  - concat:
      a: [{conv: {channels: 4, kernel: [3, 1, 1]}}, global_pool]
      b: [{conv: {channels: 6, kernel: [1, 3, 3]}}, global_pool]
      c: [{conv: {channels: 4, kernel: [1, 1, 1], stride: [2, 1, 1]}}, global_pool]
  - linear: {channels: 4}
"""
DELAY_NAME = """
input: {channels: 4, time: 8, height: 6, width: 6}
network:
  - conv: {name: add.delay2, channels: 4}
  - add: {a: [{conv: {channels: 4, kernel: [3, 1, 1]}}], b: []}
  - global_pool
"""


@pytest.fixture
def graph() -> Graph:
    nodes = (
        Node("a", Conv(channels=4), (INPUT,)),
        Node("b", Relu(), ("a",)),
        Node("c", Add(), ("a", "b")),
        Node("d", Relu(), ("c",)),
    )
    return Graph("small", TensorType(4, 8, 2, 2), nodes)


def edges(graph: Graph) -> list[tuple[str, tuple[str, ...]]]:
    return [(node.name, node.inputs) for node in graph.nodes]


def spec(text: str) -> Graph:
    return elaborate(from_text(text, "x"))


def test_a_layer_put_ahead_is_read_by_one_node_alone(graph: Graph):
    editor = Editor(graph)
    assert editor.insert_before("c", 0, Sigmoid(), "new") == "new"
    wanted = [("a", (INPUT,)), ("b", ("a",)), ("new", ("a",)), ("c", ("new", "b")), ("d", ("c",))]
    assert edges(editor.graph()) == wanted


def test_a_layer_put_behind_is_read_by_all(graph: Graph):
    editor = Editor(graph)
    editor.insert_after("a", Sigmoid(), "new")
    wanted = [("a", (INPUT,)), ("new", ("a",)), ("b", ("new",)), ("c", ("new", "b")), ("d", ("c",))]
    assert edges(editor.graph()) == wanted


def test_a_layer_put_behind_the_last_answers(graph: Graph):
    editor = Editor(graph)
    editor.insert_after("d", Sigmoid(), "new")
    assert editor.graph().output == "new"


def test_a_layer_put_behind_the_input_is_read_by_all_that_read_it(graph: Graph):
    editor = Editor(graph)
    editor.insert_after(INPUT, Sigmoid(), "new")
    assert edges(editor.graph())[:2] == [("new", (INPUT,)), ("a", ("new",))]


def test_a_bypassed_layer_is_gone_and_its_name_is_free(graph: Graph):
    editor = Editor(graph)
    editor.bypass("b")
    assert edges(editor.graph()) == [("a", (INPUT,)), ("c", ("a", "a")), ("d", ("c",))]
    assert editor.fresh("b") == "b"


def test_a_bypassed_answer_leaves_the_layer_before_it(graph: Graph):
    editor = Editor(graph)
    editor.bypass("d")
    assert editor.graph().output == "c"


def test_a_layer_that_nobody_reads_can_be_removed(graph: Graph):
    editor = Editor(graph)
    editor.redirect("c", 1, "a")
    editor.remove("b")
    assert edges(editor.graph()) == [("a", (INPUT,)), ("c", ("a", "a")), ("d", ("c",))]


def test_another_op_keeps_name_inputs_and_readers(graph: Graph):
    editor = Editor(graph)
    editor.replace("b", Sigmoid())
    edited = editor.graph()
    assert edges(edited) == edges(graph)
    assert edited.by_name["b"].op == Sigmoid()


def test_the_graph_that_is_edited_stays_as_it_was(graph: Graph):
    before = edges(graph)
    editor = Editor(graph)
    editor.bypass("b")
    editor.insert_after("a", Sigmoid(), "new")
    assert edges(graph) == before


def test_a_name_that_is_taken_gets_underscores(graph: Graph):
    editor = Editor(graph)
    assert [editor.insert_before("d", 0, Relu(), "a") for _ in range(2)] == ["a_", "a__"]
    assert editor.fresh(INPUT) == "input_"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda e: e.replace("bb", Relu()), "bb: the network has no such layer (did you mean 'b'?)"),
        (lambda e: e.remove("b"), "b: is read by 'c' and cannot be removed; bypass it"),
        (lambda e: e.remove("d"), "d: answers for the network and cannot be removed"),
        (lambda e: e.bypass("c"), "c: joins 2 branches, expected a layer of one input"),
        (
            lambda e: e.redirect("c", 2, "a"),
            "c: reads 2 layers, expected a place below that, not 2",
        ),
        (lambda e: e.redirect("d", 0, "x"), "x: the network has no such layer (known: a, b, c, d)"),
    ],
)
def test_an_edit_that_cannot_be_says_where_and_why(graph: Graph, edit: object, message: str):
    with pytest.raises(GraphError) as error:
        edit(Editor(graph))  # type: ignore[operator]
    assert str(error.value) == message


def test_an_answer_whose_input_cannot_take_its_place_is_kept():
    nodes = (Node("a", Relu(), (INPUT,)), Node("b", Relu(), ("a",)), Node("c", Relu(), ("a",)))
    editor = Editor(Graph("dead_end", TensorType(4, 8, 2, 2), nodes))
    with pytest.raises(GraphError, match="c: answers, and 'a' that it reads cannot in its place"):
        editor.bypass("c")


def test_the_edited_graph_is_checked(graph: Graph):
    editor = Editor(graph)
    editor.replace("b", Conv(channels=5))
    with pytest.raises(ShapeError, match="c: branches differ"):
        editor.graph()
    editor = Editor(graph)
    editor.redirect("a", 0, "d")
    with pytest.raises(GraphError, match="a: reads 'd', which is not defined before it"):
        editor.graph()


@pytest.mark.parametrize("state", ["partial", "smallest"])
def test_branches_that_need_the_same_subsampling_keep_a_layer_each(state: str):
    stream = continual(spec(THREE_RATES), state=state)  # type: ignore[arg-type]
    assert analyze(stream).totals["params"] == analyze(spec(THREE_RATES)).totals["params"] == 270
    every = {name: node.inputs for name, node in stream.by_name.items() if ".every2" in name}
    assert every == {
        "concat.every2": ("a.global_pool",),
        "concat.every2_": ("b.global_pool",),
    }


@pytest.mark.parametrize("state", ["partial", "window", "smallest"])
def test_a_delay_makes_way_for_a_layer_of_its_name(state: str):
    stream = continual(spec(DELAY_NAME), state=state)  # type: ignore[arg-type]
    assert stream.by_name["add.delay2_"].inputs == ("add.delay2",)


def test_no_transform_makes_names():
    """A name put together for a new node anywhere else could be one that a layer has already."""
    transforms = Path(__file__).resolve().parent.parent / "costmodel" / "transforms"
    assert [path.name for path in transforms.rglob("*.py") if "Node(" in path.read_text("utf-8")] == []


def test_a_layer_that_answers_keeps_what_it_needs_alone(graph: Graph):
    editor = Editor(graph)
    editor.answer("b")
    assert edges(editor.graph()) == [("a", (INPUT,)), ("b", ("a",))]
    assert editor.fresh("d") == "d"
    with pytest.raises(GraphError, match="d: the network has no such layer"):
        editor.answer("d")


def test_a_layer_whose_kernel_is_one_number_is_replaced(graph: Graph):
    editor = Editor(graph)
    editor.replace("b", ConvGru(4))
    assert editor.graph().by_name["b"].op == ConvGru(4)
