from collections.abc import Callable, Iterator
from math import inf
from typing import get_args

import pytest

from costmodel import continual
from costmodel.analysis.temporal import excitation_pools, timing
from costmodel.graph import Graph, Node
from costmodel.ops import (
    AdaptivePool,
    Add,
    AvgPool,
    ClipCrop,
    Concat,
    Conv,
    CumulativePool,
    Delay,
    Gate,
    GlobalPool,
    Interpolate,
    MaxPool,
    Step,
    Subsample,
    Windowed,
)
from costmodel.transforms.continual import Excite, State
from costmodel.validation.random_networks import random_graph, random_stream

# The last for branches at unequal phases, which few networks have
SEEDS = (*range(40), 66)


@pytest.fixture(scope="module")
def graphs() -> list[Graph]:
    return [random_graph(seed) for seed in SEEDS]


def windowed(graph: Graph) -> Iterator[Windowed]:
    return (node.op for node in graph.nodes if isinstance(node.op, Windowed))


def ancestors(graph: Graph, node: Node) -> set[str]:
    found: set[str] = set()
    for name in node.inputs:
        if name in graph.by_name:
            found |= {name} | ancestors(graph, graph.by_name[name])
    return found


def has_nested_residuals(graph: Graph) -> bool:
    """A sum around another sum: its identity branch starts ahead of the inner one's fork."""
    sums = [node for node in graph.nodes if isinstance(node.op, Add)]
    return any(
        inner.name in ancestors(graph, outer) and set(outer.inputs) & ancestors(graph, inner)
        for outer in sums
        for inner in sums
    )


def has_unequal_phases(graph: Graph) -> bool:
    """A branch that waits for a fraction of the frames between two of its outputs."""
    delays = (node.op for node in continual(graph).nodes if isinstance(node.op, Delay))
    return any(delay.wait % delay.jump for delay in delays)


def has_pathways(graph: Graph) -> bool:
    """Branches of unequal frame rate, joined behind a pool over the clip."""
    return any(".every" in node.name for node in continual(graph).nodes)


FEATURES: dict[str, Callable[[Graph], bool]] = {
    "a stride in time": lambda graph: any(op.stride[0] > 1 for op in windowed(graph)),
    "dilation in time": lambda graph: any(op.dilation[0] > 1 for op in windowed(graph)),
    "a causal window": lambda graph: any(op.causal for op in windowed(graph)),
    "an unpadded window": lambda graph: any(
        op.kernel[0] not in (None, 1) and op.pads(0, graph.source) == (0, 0) for op in windowed(graph)
    ),
    "a grouped convolution": lambda graph: any(
        isinstance(node.op, Conv) and 1 < node.op.groups < graph.inputs_of(node)[0].channels
        for node in graph.nodes
    ),
    "a depthwise convolution": lambda graph: any(
        isinstance(node.op, Conv) and 1 < node.op.groups == graph.inputs_of(node)[0].channels
        for node in graph.nodes
    ),
    "pools in time": lambda graph: {AvgPool, MaxPool} <= {type(op) for op in windowed(graph)},
    "subsampling": lambda graph: any(isinstance(op, Subsample) for op in windowed(graph)),
    "a gate over the clip": lambda graph: bool(excitation_pools(graph)),
    "a gate of each frame": lambda graph: any(
        isinstance(node.op, Gate) and graph.types[node.inputs[1]].time > 1 for node in graph.nodes
    ),
    "a pool over the clip": lambda graph: any(
        isinstance(node.op, GlobalPool) and node.name not in excitation_pools(graph) for node in graph.nodes
    ),
    "a mean over all frames so far": lambda graph: any(node.op == CumulativePool() for node in graph.nodes),
    "a head over all frames so far": lambda graph: any(
        isinstance(node.op, CumulativePool) and node.op.answers == "last" for node in graph.nodes
    ),
    "a map at another size": lambda graph: any(
        isinstance(node.op, Interpolate | AdaptivePool) for node in graph.nodes
    ),
    "an answer for every frame": lambda graph: graph.types[graph.output].time > 1,
    "a concatenation": lambda graph: any(isinstance(node.op, Concat) for node in graph.nodes),
    "frames left out": lambda graph: any(
        isinstance(node.op, ClipCrop) and node.op.before[0] for node in graph.nodes
    ),
    "a cropped branch": lambda graph: any(getattr(node.op, "crop", False) for node in graph.nodes),
    "residuals inside residuals": has_nested_residuals,
    "branches of unequal delay": lambda graph: any(
        isinstance(node.op, Delay) for node in continual(graph).nodes
    ),
    "branches at unequal phases": has_unequal_phases,
    "pathways of unequal frame rate": has_pathways,
}


def test_a_seed_gives_the_same_network_every_time(graphs: list[Graph]):
    assert [random_graph(seed) for seed in SEEDS[:5]] == graphs[:5]


def test_seeds_give_different_networks(graphs: list[Graph]):
    assert len({(graph.source, graph.nodes) for graph in graphs}) == len(graphs)


@pytest.mark.parametrize("feature", FEATURES)
def test_some_networks_have(graphs: list[Graph], feature: str):
    assert any(FEATURES[feature](graph) for graph in graphs)


def test_every_network_runs_frame_by_frame_in_every_form(graphs: list[Graph]):
    for graph in graphs:
        for state in get_args(State):
            for excite in get_args(Excite):
                assert continual(graph, state=state, excite=excite).is_stream


def test_streams_come_in_every_form():
    streams = [random_stream(seed) for seed in SEEDS]
    forms = {node.op.form for stream in streams for node in stream.nodes if isinstance(node.op, Step)}
    assert forms == {"partial", "window"}
    assert any("retimed" in note for stream in streams for note in stream.notes)


def test_networks_stay_small_enough_to_be_run(graphs: list[Graph]):
    assert max(len(graph.nodes) for graph in graphs) <= 80
    assert (
        max(
            at.receptive_field
            for graph in graphs
            for at in timing(graph).values()
            if at.receptive_field < inf
        )
        <= 150
    )
