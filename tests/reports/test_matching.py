"""Layers are matched by what they do and how they are joined; names alone match nothing."""

from costmodel.graph import Graph, Node
from costmodel.network import Network
from costmodel.ops import Add, BatchNorm, Conv, Relu
from costmodel.types import TensorType
from reports.matching import matched, other_inputs

FRAMES = TensorType(3, 4, 8, 8)


def chain(*layers: tuple[str, object]) -> Graph:
    nodes, last = [], "input"
    for name, op in layers:
        nodes.append(Node(name, op, (last,)))
        last = name
    return Graph("chain", FRAMES, tuple(nodes))


def names(before: Graph, after: Graph) -> list[tuple[str | None, str | None]]:
    return [
        (pair.before.name if pair.before else None, pair.after.name if pair.after else None)
        for pair in matched(before, after)
    ]


def test_a_network_is_matched_with_itself():
    graph = Network.of("digits").continual().graph()
    assert names(graph, graph) == [(node.name, node.name) for node in graph.nodes]


def test_names_that_moved_on_by_one_do_not_mislead():
    first, second, third = (Conv(channels=size) for size in (4, 8, 16))
    before = chain(("conv", first), ("conv_2", third))
    after = chain(("conv", first), ("conv_2", second), ("conv_3", third))
    assert names(before, after) == [("conv", "conv"), (None, "conv_2"), ("conv_2", "conv_3")]


def test_a_layer_of_another_width_is_the_same_layer():
    before, after = (chain(("a", Conv(channels=size)), ("b", BatchNorm()), ("c", Relu())) for size in (4, 8))
    assert names(before, after) == [(name, name) for name in "abc"]


def test_a_layer_of_another_kind_is_another_layer():
    before, after = chain(("a", BatchNorm()), ("b", Relu())), chain(("a", Conv(channels=3)), ("b", Relu()))
    assert sorted(names(before, after), key=str) == [("a", None), ("b", "b"), (None, "a")]


def test_repeats_that_were_added_stand_together():
    before, after = (Network.of("x2d", None, {"gamma_d": depth}).graph() for depth in (1, 2))
    added = [name for old, name in names(before, after) if old is None]
    assert {name.split(".")[0] for name in added} <= {"res2", "res3", "res4", "res5"}
    assert len(added) == len(after.nodes) - len(before.nodes)


def test_a_layer_that_reads_another_is_named_and_one_behind_a_new_layer_is_not():
    def joined(side: str) -> Graph:
        return Graph(
            "joined",
            FRAMES,
            (
                Node("a", Conv(channels=3), ("input",)),
                Node("b", BatchNorm(), ("a",)),
                Node("c", Add(), ("b", side)),
            ),
        )

    assert list(other_inputs(matched(joined("input"), joined("a")))) == ["c"]
    before = chain(("a", Conv(channels=4)), ("c", Relu()))
    after = chain(("a", Conv(channels=4)), ("b", BatchNorm()), ("c", Relu()))
    assert list(other_inputs(matched(before, after))) == []
