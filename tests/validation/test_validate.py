import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from torch import Tensor

from cli import main
from costmodel import continual, load
from costmodel.analysis import metrics
from costmodel.analysis.reach import stream_reach
from costmodel.analysis.temporal import timing
from costmodel.emit.modules.conv import ConvLayer
from costmodel.emit.modules.windows import PartialKeeper
from costmodel.emit.state import StreamState
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import (
    Add,
    BatchNorm,
    Conv,
    Delay,
    Dropout,
    GlobalPool,
    Linear,
    Lstm,
    MaxPool,
    Op,
    Relu,
    Split,
    Step,
    Subsample,
)
from costmodel.spec import document, elaborate, shipped_names
from costmodel.types import TensorType
from costmodel.validation.costs import check_costs
from costmodel.validation.maps import on_maps, small, smallest
from costmodel.validation.random_networks import random_graph, random_stream
from costmodel.validation.reach import check_reach
from costmodel.validation.validate import Check, validate

SMALL = {"crop": 32, "classes": 5, "gamma_d": 1, "gamma_w": Fraction(1, 4), "width": Fraction(1, 4)}
SMALL |= {"channels": 16, "deep": 16, "beta": 4, "alpha": 2, "c1": 16, "c2": 32, "c3": 64, "last": 16}
SMALL |= {"blocks1": 1, "blocks2": 1, "blocks3": 2, "blocks4": 2, "blocks5": 1, "temporal_blocks4": 2}

WIDE = ("i3d_inception", "resnet_3d", "resnext_3d")  # no size of theirs makes their channels fewer
# Deep: minutes each, in the slow tests alone.
DEEP = (
    *("c3d", "csn", "densenet_3d", "efficient_x3d", "mfnet_3d", "movinet", "r2plus1d_r50", "s3d"),
    *("slow_only", "tsm", "r3d_18", "mc3_18", "cnn_lstm"),
)


def wrong(graph: Graph) -> dict[str, Check]:
    return {check.what: check for check in validate(graph) if not check.holds}


def reduced(name: str, **sets: Any) -> Graph:
    source = document(name)
    sets |= {"frames": 5} if "gamma_d" in source.globals else {}
    known = {each: value for each, value in {**SMALL, **sets}.items() if each in source.globals}
    return elaborate(source, None, known)


def residual(kernel: int = 3, stride: int = 2) -> Graph:
    nodes = (
        Node("stem", Conv(channels=4, kernel=(kernel, 3, 3), bias=True), (INPUT,)),
        Node("a", Conv(channels=4, kernel=(3, 3, 3), stride=(stride, 1, 1)), ("stem",)),
        Node("bn", BatchNorm(), ("a",)),
        Node("skip", Conv(channels=4, stride=(stride, 1, 1)), ("stem",)),
        Node("add", Add(), ("bn", "skip")),
        Node("relu", Relu(), ("add",)),
        Node("pool", GlobalPool(), ("relu",)),
        Node("fc", Linear(3), ("pool",)),
    )
    return Graph("residual", TensorType(2, 8, 5, 6), nodes)


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


def changed(graph: Graph, name: str, change: Callable[[Any], Op]) -> Graph:
    nodes = (replace(node, op=change(node.op)) if node.name == name else node for node in graph.nodes)
    return replace(graph, nodes=tuple(nodes))


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


@pytest.mark.parametrize("name", WIDE)
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


def test_a_wait_that_is_a_frame_too_long_is_found():
    stream = continual(residual())
    (delay,) = (node.name for node in stream.nodes if isinstance(node.op, Delay))
    late = changed(stream, delay, lambda op: replace(op, wait=op.wait + 2))
    assert "check_equality_runs" in wrong(late)


def test_padding_that_a_step_forgets_is_found():
    stream = continual(residual())
    forgetful = changed(stream, "stem", lambda op: replace(op, before=0))
    found = wrong(forgetful)
    assert (found["padding"].predicted, found["padding"].measured) == (1, 2)
    assert found["steps_equal_the_clip_network"].note.startswith("stem is the first to diverge")


def test_a_lookahead_that_counts_the_pool_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metrics, "head_pools", lambda graph: frozenset())
    monkeypatch.setattr("costmodel.analysis.reach.head_pools", lambda graph: frozenset())
    assert wrong(continual(residual())).keys() == {"lookahead"}


def test_a_clip_that_sees_beyond_its_frames_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("costmodel.analysis.figures.clip_reach", lambda graph: stream_reach(timing(graph)))
    assert {"padding", "receptive_field"} <= wrong(residual()).keys()


def test_a_miscounted_layer_is_found(monkeypatch: pytest.MonkeyPatch):
    honest = Conv.work
    monkeypatch.setattr(Conv, "work", lambda op, x: {kind: 2 * each for kind, each in honest(op, x).items()})
    assert {"macs_per_clip", "macs_per_frame", "macs_worst_step"} <= wrong(continual(residual())).keys()


def test_redundant_products_of_a_step_are_found(monkeypatch: pytest.MonkeyPatch):
    honest = ConvLayer.taps

    def wasteful(layer: ConvLayer, frame: Tensor, wanted: tuple[int, ...]) -> list[Tensor]:
        every = honest(layer, frame, tuple(range(layer.kernel[0])))
        return [every[tap] for tap in wanted]

    monkeypatch.setattr(ConvLayer, "taps", wasteful)
    found = wrong(continual(residual()))
    assert found["macs_per_frame"].measured > found["macs_per_frame"].predicted


def test_work_in_another_phase_than_predicted_is_found(monkeypatch: pytest.MonkeyPatch):
    honest = metrics.macs_by_phase
    shifted = lambda *at: ((phase + 1, macs) for phase, macs in honest(*at))  # noqa: E731
    monkeypatch.setattr("costmodel.validation.costs.macs_by_phase", shifted)
    assert wrong(continual(residual())).keys() == {"phases_with_other_macs"}


def test_memory_that_a_state_keeps_alive_is_counted(monkeypatch: pytest.MonkeyPatch):
    honest = PartialKeeper.step

    def viewing(keeper: PartialKeeper, frame: Tensor, kept: Any, phase: int) -> Any:
        output, kept = honest(keeper, frame, kept, phase)
        return output, tuple(each.repeat(2, 1, 1, 1)[:1] for each in kept)

    monkeypatch.setattr(PartialKeeper, "step", viewing)
    found = wrong(continual(residual()))["state_floats"]
    assert found.measured > found.predicted


def test_a_combination_that_forgets_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ConvLayer, "combine", lambda layer, partial, tap: tap)
    found = wrong(continual(residual()))
    assert found["steps_equal_the_clip_network"].note.startswith("stem is the first to diverge")
    assert found["receptive_field"].measured < found["receptive_field"].predicted


def test_a_reset_that_resets_nothing_is_found(monkeypatch: pytest.MonkeyPatch):
    def careless(state: StreamState, streams: Any, cycle: int, empty: Any) -> StreamState:
        return state

    monkeypatch.setattr(StreamState, "restarted", careless)
    assert "valid_answers_after_a_reset" in wrong(continual(residual()))


def test_an_answer_that_comes_late_is_found(monkeypatch: pytest.MonkeyPatch):
    honest = StreamNetwork.forward_step
    last: list[Tensor | None] = [None]

    def late(network: StreamNetwork, frame: Tensor) -> Tensor | None:
        output, last[0] = last[0], honest(network, frame)
        return output

    monkeypatch.setattr(StreamNetwork, "forward_step", late)
    assert {"transient", "warmup"} <= wrong(continual(residual(stride=1))).keys()


def test_maps_are_as_small_as_neighbours_allow():
    graph = load("x3d", variant="XS")
    assert smallest(graph).source == (3, 4, 4, 6)
    assert small(graph).source == (3, 4, 40, 48)


def test_maps_that_a_layer_needs_are_kept():
    nodes = (Node("pool", MaxPool(kernel=(1, 7, 7), padding=(0, 0, 0)), (INPUT,)),)
    graph = Graph("pool", TensorType(1, 2, 9, 7), nodes)
    assert smallest(graph).source == (1, 2, 8, 7) or smallest(graph) == graph
    assert on_maps(graph, 8, 8).types["pool"] == (1, 2, 2, 2)


def test_the_command_prints_every_check_and_answers_yes(capsys: pytest.CaptureFixture[str]):
    assert main(["validate", "--random", "1", "--seed", "4", "--format", "json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert {"what", "predicted", "measured", "holds"} <= checks[0].keys()
    assert all(check["holds"] for check in checks)


def test_the_command_answers_no_where_a_figure_differs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(Step, "weights", lambda op, x: {})
    assert main(["validate", "--random", "1", "--seed", "10"]) == 1
    shown = capsys.readouterr()
    assert "params" in shown.out
    assert "validate --random 1 --seed 10 repeats it" in shown.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "SPEC: expected one, or --random N and no SPEC"),
        (["x3d_m", "--random", "2"], "SPEC: expected one, or --random N and no SPEC"),
        (["--random", "2", "--variant", "M"], "is for a SPEC; name one"),
        (["x3d_m", "--state", "window"], "is for streams; add --continual"),
    ],
)
def test_the_command_names_what_was_wrong(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["validate", *arguments]) == 2
    assert message in capsys.readouterr().err
