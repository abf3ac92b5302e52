"""Emitted source stands alone, has the names of the emitted module, and gives its answers."""

from __future__ import annotations

import ast
import random
import types
from dataclasses import replace
from fractions import Fraction

import pytest
import torch

from costmodel import Graph, Node, TensorType, continual, load
from costmodel.analysis.temporal import timing
from costmodel.emit import emit, randomise
from costmodel.emit.modules.written import written
from costmodel.emit.source import source_text
from costmodel.errors import EmitError
from costmodel.ops import (
    OPS,
    Add,
    AvgPool,
    Concat,
    Conv,
    Flatten,
    Gate,
    Linear,
    MaxPool,
    PadChannels,
    Relu,
    Subsample,
)
from costmodel.validation.random_networks import random_graph

SMALL = {"crop": 32, "frames": 4, "gamma_d": 0.2}  # a block in each stage


def network_of(text: str) -> torch.nn.Module:
    module = types.ModuleType("emitted")
    exec(compile(text, "emitted.py", "exec"), module.__dict__)
    made = [value for value in vars(module).values() if getattr(value, "__module__", "") == "emitted"]
    return made[-1]().double().eval()


def pair(graph: Graph) -> tuple[torch.nn.Module, torch.nn.Module]:
    """The emitted module and the emitted source, with the same random weights."""
    module, source = emit(graph).double().eval(), network_of(source_text(graph))
    randomise(module, 2)
    source.load_state_dict(module.state_dict())
    return module, source


def assert_same_stream(graph: Graph, steps: int) -> None:
    module, source = pair(graph)
    shape = (2, graph.source.channels, graph.source.height, graph.source.width)
    answers = 0
    with torch.no_grad():
        for _ in range(steps):
            frame = torch.randn(shape, dtype=torch.float64)
            expected, answer = module.forward_step(frame), source.forward_step(frame)
            assert (expected is None) == (answer is None)
            if expected is not None:
                answers += 1
                assert torch.allclose(answer, expected, rtol=1e-9, atol=1e-9 * float(expected.abs().max()))
    assert answers > 3


def small(*nodes: Node) -> Graph:
    return Graph("x", TensorType(4, 8, 6, 6), nodes)


def test_source_of_a_clip_network_gives_its_answers():
    module, source = pair(load("x3d", **SMALL))
    clip = torch.randn(2, 3, 4, 32, 32, dtype=torch.float64)
    assert torch.equal(source(clip), module(clip))


@pytest.mark.parametrize("state", ["partial", "window", "smallest"])
def test_source_of_a_stream_gives_its_answers_from_the_first(state):
    assert_same_stream(continual(load("x3d", **SMALL), state=state), 26)


def test_source_of_a_reset_stream_starts_anew():
    _, source = pair(continual(load("x3d", **SMALL)))
    frames = torch.randn(1, 3, 20, 32, 32, dtype=torch.float64)
    with torch.no_grad():
        first = source.forward_steps(frames)
        source.reset()
        assert torch.equal(source.forward_steps(frames), first)


def test_strides_dilation_pools_and_unequal_branches_run_in_step():
    graph = small(
        Node("a", Conv(channels=4, kernel=(3, 3, 3), stride=(2, 1, 1), padding=(1, 1, 1)), ("input",)),
        Node("b", Conv(channels=4, stride=(2, 1, 1), bias=True), ("input",)),
        Node("c", MaxPool(kernel=(3, 2, 2), stride=(2, 1, 1), padding=(1, 0, 0)), ("input",)),
        Node("d", Conv(channels=4, kernel=(1, 2, 2), padding=(0, 0, 0)), ("c",)),
        Node("sum", Add(), ("a", "b")),
        Node("e", Conv(channels=4, kernel=(3, 1, 1), dilation=(2, 1, 1), padding=(2, 0, 0)), ("sum",)),
        Node("f", AvgPool(kernel=(3, 3, 3), padding=(1, 0, 0)), ("e",)),
        Node("cut", MaxPool(kernel=(1, 2, 2), padding=(0, 0, 0)), ("f",)),
        Node("both", Concat(), ("cut", "cut")),
        Node("every", Subsample(stride=(2, 1, 1)), ("both",)),
    )
    graph = small(*(node for node in graph.nodes if node.name not in ("c", "d")))
    assert_same_stream(continual(graph), 60)
    module, source = pair(graph)
    clip = torch.randn(1, 4, 8, 6, 6, dtype=torch.float64)
    assert torch.allclose(source(clip), module(clip), rtol=1e-12)


def test_a_causal_window_of_a_clip_is_padded_ahead():
    module, source = pair(small(Node("a", Conv(channels=2, kernel=(3, 1, 1), causal=True), ("input",))))
    clip = torch.randn(1, 4, 8, 6, 6, dtype=torch.float64)
    assert torch.equal(source(clip), module(clip))


@pytest.mark.parametrize("crop", [True, "centred", "newest"])
def test_branches_of_a_clip_are_cut_where_the_spec_says(crop):
    graph = small(
        Node("bare", Conv(channels=4, kernel=(4, 1, 1), padding=(0, 0, 0)), ("input",)),
        Node("sum", Add(crop), ("bare", "input")),
        Node("gate", Gate(crop), ("input", "sum")),
    )
    module, source = pair(graph)
    clip = torch.randn(2, 4, 8, 6, 6, dtype=torch.float64)
    assert torch.equal(source(clip), module(clip))


def test_flatten_and_linear_are_written():
    graph = small(
        Node("cut", AvgPool(kernel=(8, 3, 3), padding=(0, 0, 0)), ("input",)),
        Node("flat", Flatten(), ("cut",)),
        Node("fc", Linear(channels=5), ("flat",)),
    )
    module, source = pair(graph)
    clip = torch.randn(2, 4, 8, 6, 6, dtype=torch.float64)
    assert torch.allclose(source(clip), module(clip), rtol=1e-12)


def test_source_imports_nothing_but_torch():
    for graph in (load("x3d", **SMALL), continual(load("x3d", **SMALL))):
        imported = [
            (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
            for node in ast.walk(ast.parse(source_text(graph)))
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        assert set(imported) <= {"__future__", "collections", "torch", "typing"}


def test_every_op_can_be_written():
    x = TensorType(4, 6, 6, 6)
    given = {
        "channels": 4,
        "kernel": (1, 1, 1),
        "rate": Fraction(1, 2),
        "stride": (1, 1, 1),
        "groups": 1,
        "part": 1,
        "size": (2, 2, 2),
        "active": 2,
        "windows": (2, 2, 2),
    }
    for word, op in OPS.items():
        if not op.runs:
            continue
        fields = {name: given[name] for name in op.__dataclass_fields__ if name in given and name != "rate"}
        inputs = (x,) * (op.arity or 2)
        form = written(op(**fields), inputs)
        assert form.module or form.call, word


POOLS = {
    "gaps in an average": AvgPool(kernel=(3, 1, 2), dilation=(2, 1, 2), padding=(2, 0, 1)),
    "an average with wide padding": AvgPool(kernel=(2, 2, 2), padding=(1, 2, 1)),
    "an average of less than its kernel": AvgPool(kernel=(3, 7, 7), padding=(1, 3, 3)),
    "a maximum with wide padding": MaxPool(kernel=(3, 3, 3), dilation=(2, 2, 1), padding=(2, 2, 1)),
}


@pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)
def test_pools_that_torch_does_not_have_are_written(pool: AvgPool | MaxPool):
    graph = small(Node("a", pool, ("input",)), Node("b", Conv(channels=2), ("a",)))
    module, source = pair(graph)
    clip = torch.randn(2, 4, 8, 6, 6, dtype=torch.float64)
    assert torch.allclose(source(clip), module(clip), rtol=1e-12)
    assert_same_stream(continual(graph), 14)


def test_classes_and_their_arguments_have_the_specs_names():
    text = source_text(load("slowfast", crop=32, frames=8))
    classes = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    signatures = {
        each.name: [arg.arg for arg in ast.walk(each) if isinstance(arg, ast.arg)] for each in classes
    }
    assert signatures["Stem"] == ["self", "channels", "time"]
    assert signatures["Bottleneck"] == ["self", "in_channels", "inner", "time", "self", "x"]
    assert "padding=(time // 2, 3, 3)" in text
    assert "*(Bottleneck(in_channels=256, inner=64, time=1) for _ in range(2))," in text


def test_a_graph_without_a_spec_has_classes_of_its_stages():
    graph = small(
        Node("res2.0.a", Conv(channels=4), ("input",)),
        Node("res2.0.b", PadChannels(channels=5), ("res2.0.a",)),
        Node("res3.0.a", Conv(channels=4), ("res2.0.b",)),
        Node("res3.0.b", PadChannels(channels=6), ("res3.0.a",)),
    )
    assert "class ResBlock(nn.Module)" in source_text(graph)
    module, source = pair(graph)
    clip = torch.randn(1, 4, 8, 6, 6, dtype=torch.float64)
    assert torch.equal(source(clip), module(clip))


def test_groups_that_run_in_turn_are_run_layer_by_layer():
    graph = small(
        Node("one.0.a", Conv(channels=4), ("input",)),
        Node("two.a", Conv(channels=4, kernel=(3, 1, 1)), ("one.0.a",)),
        Node("one.1.class", Conv(channels=4), ("two.a",)),
        Node("two.3x3", Conv(channels=4), ("one.1.class",)),
        Node("sum", Add(), ("two.3x3", "one.0.a")),
    )
    assert "self.one[0](" in source_text(graph)
    module, source = pair(graph)
    clip = torch.randn(1, 4, 8, 6, 6, dtype=torch.float64)
    assert torch.equal(source(clip), module(clip))
    assert_same_stream(continual(graph), 12)


def test_a_merge_with_a_name_is_the_end_of_the_group_of_its_branches():
    graph = small(
        Node("first", Conv(channels=4), ("input",)),
        Node("sum.main.conv", Conv(channels=4, kernel=(3, 1, 1)), ("first",)),
        Node("sum", Add(), ("sum.main.conv", "first")),
        Node("last", Conv(channels=4), ("sum",)),
    )
    module, source = pair(graph)
    clip = torch.randn(1, 4, 8, 6, 6, dtype=torch.float64)
    assert torch.equal(source(clip), module(clip))
    assert [*source._modules] == ["first", "sum", "last"]
    assert_same_stream(continual(graph), 10)


@pytest.mark.parametrize("seed", range(4))
@torch.no_grad()
def test_a_network_answers_alike_whatever_its_layers_are_called(seed: int):
    graph = renamed(random_graph(seed), random.Random(seed))
    module, source = pair(graph)
    clip = torch.randn(2, *graph.source, dtype=torch.float64)
    assert torch.allclose(source(clip), module(clip), rtol=1e-9, atol=1e-12)
    stream = continual(graph)
    end = timing(stream)[stream.output]
    assert_same_stream(stream, int(end.delay) + 5 * end.jump)


def renamed(graph: Graph, chance: random.Random) -> Graph:
    """The graph with its layers in groups drawn by chance, some in others, which run in turn."""
    groups = ("", "a.", "a.b.", "a.b.c.", "d.0.", "d.1.", "d.2.e.", "class.", "3x.", "d.0.h.")
    names = {node.name: chance.choice(groups) + node.name.replace(".", "_") for node in graph.nodes}
    nodes = (
        replace(node, name=names[node.name], inputs=tuple(names.get(each, each) for each in node.inputs))
        for node in graph.nodes
    )
    return replace(graph, nodes=tuple(nodes))


def test_a_layer_inside_another_name_is_refused():
    nodes = (
        Node("a", Conv(channels=4), ("input",)),
        Node("a.b", Conv(channels=4), ("a",)),
        Node("r", Relu(), ("a.b",)),
    )
    with pytest.raises(EmitError, match=r"a\.b: stands inside another layer"):
        source_text(small(*nodes))
