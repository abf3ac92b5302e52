"""Shifts into the past on a stream: relabelled frames, and waits where they hold the fewest numbers."""

import pytest

from costmodel import Analysis, Graph, analyze, continual
from costmodel.errors import SpecError, TransformError
from costmodel.ops import Delay
from costmodel.spec import elaborate, from_text


def clip(network: str, channels: int = 4) -> Graph:
    source = f"{{channels: {channels}, time: 8, height: 6, width: 6}}"
    return elaborate(from_text(f"input: {source}\nnetwork:\n{network}", "x"))


def stream(network: str, state: str = "partial", channels: int = 4) -> Analysis:
    return analyze(continual(clip(network, channels), state=state))  # type: ignore[arg-type]


def waits(found: Analysis) -> list[tuple[str, int]]:
    return [
        (each.inputs[0], each.op.wait) for each in found.figures.graph.nodes if isinstance(each.op, Delay)
    ]


LATE = "- conv: {channels: 2, kernel: [3, 1, 1]}\n- shift: {frames: 2}"
SPLIT = """
- concat:
    old: [split: {part: 1, parts: 2}, shift: {frames: 1}]
    now: [split: {part: 2, parts: 2}]
"""


def test_a_shift_runs_ahead_of_the_frame_that_it_is_aligned_with():
    totals = stream(LATE).totals
    wanted = {"delay": -1, "receptive_field": 3, "padding": 3, "transient": 0, "warmup": 2}
    assert {name: totals[name] for name in wanted} == wanted
    assert analyze(clip(LATE)).totals["delay"] == -1


@pytest.mark.parametrize("state", ["partial", "window", "smallest"])
def test_a_shift_holds_nothing_where_no_branch_waits(state: str):
    found = stream("- subsample: {stride: [1, 2, 2]}\n- shift: {frames: 2}\n- conv: {channels: 4}", state)
    assert found.totals["state_floats"] == 0
    assert (found.totals["delay"], found.totals["receptive_field"]) == (-2, 1)


@pytest.mark.parametrize("state", ["partial", "window", "smallest"])
def test_where_branches_meet_the_shifted_part_alone_waits(state: str):
    found = stream(SPLIT, state, channels=8)
    assert found.totals["state_floats"] == 4 * 36
    assert found.totals["delay"] == 0


@pytest.mark.parametrize(
    ("old", "waiting"),
    [
        ("{split: {part: 1}}, {conv: {channels: 8}}, {shift: {frames: 1}}", "split"),
        ("{conv: {channels: 8}}, {shift: {frames: 1}}, {conv: {name: small, channels: 1}}", "small"),
        ("{shift: {frames: 1}}", "shift"),
    ],
)
def test_the_wait_stands_where_it_holds_the_fewest_numbers(old: str, waiting: str):
    found = stream(f"- concat: {{old: [{old}], now: []}}")
    assert waits(found) == [(f"old.{waiting}", 1)]


def test_a_branch_of_a_later_layer_and_a_shift_may_meet_at_once():
    network = "- add: {a: [{conv: {channels: 4, kernel: [3, 1, 1]}}, {shift: {frames: 1}}], b: []}"
    assert waits(stream(network)) == []


def test_the_first_answer_comes_with_the_first_frame_that_is_answered():
    network = "- conv: {channels: 4, stride: [3, 1, 1]}\n- shift: {frames: 1}\n- conv: {channels: 4}"
    assert stream(network).totals["delay"] == -3
    assert stream(network).totals["transient"] == 0
    network = "- shift: {frames: 1}\n- conv: {channels: 4, stride: [3, 1, 1]}"
    assert stream(network).totals["delay"] == -1
    assert stream(network).totals["transient"] == 2


def test_a_shift_behind_a_pool_over_the_clip_is_refused():
    with pytest.raises(SpecError, match="a shift by 1 frames leaves nothing of a clip of 1"):
        continual(clip("- global_pool\n- shift: {frames: 1}"))


def test_a_place_that_depends_on_free_sizes_is_refused():
    import sympy

    from costmodel.graph import INPUT, Node
    from costmodel.ops import Concat, Conv, Shift
    from costmodel.types import TensorType

    width = sympy.Symbol("width", integer=True, positive=True)
    nodes = (
        Node("wide", Conv(channels=width), (INPUT,)),
        Node("old", Shift(), ("wide",)),
        Node("join", Concat(), ("old", INPUT)),
    )
    with pytest.raises(TransformError, match="join: on which edge its branch waits with the fewest numbers"):
        continual(Graph("free", TensorType(4, 8, 6, 6), nodes))
