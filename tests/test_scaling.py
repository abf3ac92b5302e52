"""Nothing grows faster than the layers do: networks of 10,000 layers, deep, branched, wide and nested."""

import gc
import statistics
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from costmodel import Graph, analyze, continual
from costmodel.graph import INPUT, Node
from costmodel.ops import Add, Concat, Conv, Relu
from costmodel.spec import elaborate, from_text
from costmodel.spec.write import dump
from costmodel.types import TensorType

FEW, MANY = 2_000, 10_000


def conv(kernel: int = 3, channels: int = 4) -> Conv:
    return Conv(channels=channels, kernel=(kernel, 1, 1))


def deep(count: int) -> list[Node]:
    names = [INPUT, *(f"layer{index}" for index in range(count))]
    return [
        Node(name, conv() if index % 2 else Relu(), (source,))
        for index, (source, name) in enumerate(pairwise(names))
    ]


def different(count: int) -> list[Node]:
    names = [INPUT, *(f"layer{index}" for index in range(count))]
    return [
        Node(name, conv(3, 4 + index % 5_000), (source,))
        for index, (source, name) in enumerate(pairwise(names))
    ]


def residual(count: int) -> list[Node]:
    nodes, last = [], INPUT
    for index in range(count // 2):
        nodes += [Node(f"conv{index}", conv(), (last,)), Node(f"add{index}", Add(), (f"conv{index}", last))]
        last = f"add{index}"
    return nodes


def wide(count: int) -> list[Node]:
    branches = [Node(f"branch{index}", conv(1 + 2 * (index % 3)), (INPUT,)) for index in range(count - 1)]
    return [*branches, Node("concat", Concat(), tuple(node.name for node in branches))]


def nested(count: int) -> list[Node]:
    nodes = deep(count // 2)
    last = nodes[-1].name
    for index in range(count // 2 - 2, -1, -1):
        nodes.append(Node(f"add{index}", Add(), (last, f"layer{index}")))
        last = f"add{index}"
    return nodes


def seconds(make: Callable[[int], list[Node]], count: int) -> float:
    """The time of all that `analyze` does, from spec to figures and back."""
    start = time.process_time()
    graph = Graph("made up", TensorType(4, 8, 4, 4), tuple(make(count)))
    analyze(graph)
    analyze(continual(graph))
    elaborate(from_text(dump(graph)))
    return time.process_time() - start


@pytest.mark.slow
@pytest.mark.parametrize("make", [deep, different, residual, wide, nested])
def test_the_time_grows_as_the_layers_do(make: Callable[[int], list[Node]]):
    gc.disable()
    ratios = [seconds(make, MANY) / seconds(make, FEW) for _ in range(3)]
    gc.enable()
    assert statistics.median(ratios) < 2 * MANY / FEW  # what grows as the square would take 25 times as long


@pytest.mark.parametrize("make", [deep, different, residual, wide, nested])
def test_a_large_network_has_its_figures(make: Callable[[int], list[Node]]):
    graph = Graph("made up", TensorType(4, 8, 4, 4), tuple(make(MANY)))
    totals = analyze(continual(graph)).totals
    fan_in = {node.name: graph.inputs_of(node)[0].channels for node in graph.nodes}
    convs = {node.name: node.op for node in graph.nodes if isinstance(node.op, Conv)}
    macs = sum(16 * op.kernel[0] * fan_in[name] * op.channels for name, op in convs.items())
    assert totals["macs_per_frame"] == macs
    assert totals["delay"] == totals["padding"]
