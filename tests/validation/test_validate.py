from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from checked import residual, wrong

from costmodel import continual, load
from costmodel.errors import TransformError
from costmodel.graph import INPUT, Graph, Node
from costmodel.network import Network
from costmodel.ops import (
    Add,
    Conv,
    Dropout,
    Lstm,
    Split,
    Subsample,
)
from costmodel.spec import document, elaborate, from_text, shipped_names
from costmodel.types import TensorType
from costmodel.validation.costs import check_costs
from costmodel.validation.random_networks import random_graph, random_stream
from costmodel.validation.reach import check_reach
from costmodel.validation.validate import Check, validate
from reports.gallery import Entry, entries

SMALL = {"crop": 32, "classes": 5, "gamma_d": Fraction(1, 2)}
SMALL |= {"gamma_w": Fraction(1, 4), "width": Fraction(1, 4)}
SMALL |= {"channels": 16, "deep": 16, "beta": 4, "alpha": 2, "c1": 16, "c2": 32, "c3": 64, "last": 16}
SMALL |= {"blocks1": 1, "blocks2": 1, "blocks3": 2, "blocks4": 2, "blocks5": 1, "temporal_blocks4": 2}
# Shorter and shallower yet, where others have the same layers twice in a stage: their checks take as long as
# their layers are many and their clips are long.
FEWER: dict[str, dict[str, Any]] = {
    "slowfast": {"frames": 8, "blocks3": 1, "blocks4": 1},
    "atfr_resnet": {"frames": 8},
    **{name: {"blocks3": 1, "blocks4": 1} for name in ("resnet_2d", "resnet_3d", "resnext_3d")},
    "densenet_3d": {"growth": 4, "layers2": 2, "layers3": 2, "layers4": 2},
}

CLIP_ALONE = ("8x8-R101-NL", "16x8-R101-NL")  # they attend to the whole clip
CROP = 64  # of all specs and variants, in the slow tests

# No size of theirs makes their channels, or the layers of the last one, fewer
WIDE = ("i3d_inception", "resnet_3d", "resnext_3d", "mobilenet_v1_3d")
# Deep: ten seconds to minutes each, in the slow tests alone. Of each kind one that is shallow stays.
DEEP = (
    *("d_resnet", "mobilenet_v2_3d", "r2plus1d", "shufflenet_v1_3d", "shufflenet_v2_3d", "squeezenet_3d"),
    *("c3d", "csn", "densenet_3d", "efficient_x3d", "mfnet_3d", "movinet", "r2plus1d_r50", "s3d"),
    *("slow_only", "tsm", "r3d_18", "mc3_18", "cnn_lstm"),
)


def reduced(name: str, **sets: Any) -> Graph:
    source = document(name)
    sets |= {"frames": 5} if "gamma_d" in source.globals else {}
    sizes = {**SMALL, **FEWER.get(source.name, {}), **sets}
    known = {each: value for each, value in sizes.items() if each in source.globals}
    return elaborate(source, None, known)


def of_layers(*nodes: Node) -> Graph:
    return Graph("layers", TensorType(2, 8, 5, 6), nodes)


KEPT_VIEWS = {
    "the input": of_layers(
        Node("same", Dropout(), (INPUT,)),
        Node("conv", Conv(channels=2, kernel=(3, 1, 1)), ("same",)),
        Node("add", Add(), ("conv", "same")),
    ),
    "a share of the input's channels": of_layers(
        Node("half", Split(parts=2, part=1), (INPUT,)),
        Node("conv", Conv(channels=1, kernel=(3, 1, 1)), ("half",)),
        Node("add", Add(), ("conv", "half")),
    ),
    "every second pixel": of_layers(
        Node("stem", Conv(channels=2), (INPUT,)),
        Node("pixels", Subsample(stride=(1, 2, 2)), ("stem",)),
        Node("conv", Conv(channels=2, kernel=(3, 1, 1)), ("pixels",)),
        Node("add", Add(), ("conv", "pixels")),
    ),
    "its own answer": of_layers(Node("conv", Conv(channels=2), (INPUT,)), Node("lstm", Lstm(3), ("conv",))),
}


@pytest.mark.parametrize("seed", range(1, 9))
def test_every_figure_of_a_random_stream_holds(seed: int):
    assert wrong(random_stream(seed)) == {}


@pytest.mark.parametrize("seed", range(20, 26))
def test_every_figure_of_a_random_clip_network_holds(seed: int):
    assert wrong(random_graph(seed)) == {}


@pytest.mark.parametrize("excite", ["frame", "clip"])
@pytest.mark.parametrize("state", ["partial", "window", "smallest"])
def test_every_figure_of_a_strided_residual_holds(state: Any, excite: Any):
    assert wrong(continual(residual(), state=state, excite=excite, pool=11)) == {}


@pytest.mark.parametrize("state", ["partial", "window", "smallest"])
@pytest.mark.parametrize("what", KEPT_VIEWS)
def test_a_state_shares_no_memory_when_it_keeps(what: str, state: Any):
    assert wrong(continual(KEPT_VIEWS[what], state=state)) == {}


@cache
def wrong_at_reduced_sizes(source: TensorType, nodes: tuple[Node, ...]) -> dict[str, Check]:
    """Specs of one family may differ in their sizes alone."""
    clip = Graph("reduced", source, nodes)
    return wrong(clip) | wrong(continual(clip))


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name in (*WIDE, *DEEP))) for name in shipped_names()],
)
def test_every_figure_of_a_shipped_network_holds_at_reduced_sizes(name: str):
    clip = reduced(name)
    assert wrong_at_reduced_sizes(clip.source, clip.nodes) == {}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name == "i3d_inception")) for name in WIDE],
)
def test_costs_and_reach_of_a_wide_network_hold_at_reduced_sizes(name: str):
    clip = reduced(name)
    for graph in (clip, continual(clip)):
        assert [check for check in (*check_costs(graph), *check_reach(graph)) if not check.holds] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_names())
def test_every_figure_of_a_shipped_network_holds(name: str):
    assert wrong(load(name)) == {}
    assert wrong(continual(load(name))) == {}


def test_checks_cover_what_analysis_says_of_a_stream():
    found = {check.what for check in validate(continual(residual()))}
    assert {
        *("params", "macs_per_clip", "macs_per_frame", "macs_worst_step", "state_floats"),
        *("padding", "delay", "lookahead", "receptive_field", "transient", "warmup"),
        "steps_equal_the_clip_network",
    } <= found


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["clip", "stream"])
@pytest.mark.parametrize("entry", list(entries()), ids=lambda entry: entry.command)
def test_every_figure_of_every_variant_holds_on_small_frames(entry: Entry, kind: str):
    network = Network.of(entry.spec, entry.variant, {**entry.sets, "crop": CROP})
    if kind == "clip":
        assert wrong(network.graph()) == {}
        return
    if entry.variant in CLIP_ALONE:
        with pytest.raises(TransformError, match="cannot run frame by frame"):
            network.continual().graph()
        return
    assert wrong(network.continual().graph()) == {}


@pytest.mark.parametrize(
    "layers",
    [
        "- bn\n- flatten\n- linear: {channels: 2}",
        "- bn\n- window_attention: {windows: [2, 3, 3], query: [], key: [], value: []}",
    ],
)
def test_networks_that_take_a_clip_apart_are_settled_on_as_many_frames(layers: str):
    text = f"input: {{channels: 4, time: 6, height: 3, width: 3}}\nnetwork:\n{layers}"
    assert wrong(elaborate(from_text(text, "x"))) == {}
