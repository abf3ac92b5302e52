"""What each frame moves, measured; what reaches further, less far or later than predicted is found."""

import pytest
from checked import residual, wrong
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from costmodel import Graph, continual
from costmodel.analysis import metrics
from costmodel.analysis.figures import Figures
from costmodel.analysis.reach import stream_reach
from costmodel.analysis.temporal import timing
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import INPUT, Node
from costmodel.ops import GlobalPool, Sgs, Shift
from costmodel.spec import elaborate, from_text
from costmodel.transforms.continual import Continual
from costmodel.types import TensorType
from costmodel.validation import stream_reach as of_streams
from costmodel.validation.equality import check_equality
from costmodel.validation.reach import _ahead, _aligned, _behind, check_reach

GATE = "- gate: {x: [], g: [global_pool, conv: {channels: 4}, sigmoid]}"
CLIPS = {
    "a shift into the future skips the first frames": "- shift: {frames: -2}\n- global_pool",
    "a shift into the past drops the last ones": "- shift: {frames: 2}\n- global_pool",
    "answers so far begin behind skipped frames": "- shift: {frames: -2}\n- cumulative_pool: {answers: last}",
    "taps and strides that share a factor pass by every second frame": (
        "- conv: {channels: 4, kernel: [3, 1, 1], dilation: [2, 1, 1], stride: [2, 1, 1]}\n- global_pool"
    ),
    "a merge drops what one branch alone has": (
        "- concat: {crop: true, late: [shift: {frames: 1}], bare: [conv: {channels: 4, kernel: [3, 1, 1], "
        "padding: [0, 0, 0]}]}\n- global_pool"
    ),
    **{
        f"a merge keeps the {crop} frames of its branches": (
            f"- concat: {{crop: {crop}, late: [shift: {{frames: -1}}], bare: [conv: {{channels: 4, "
            "kernel: [4, 1, 1], padding: [0, 0, 0]}]}\n- conv: {channels: 4, kernel: [3, 1, 1]}"
        )
        for crop in ("first", "centred", "newest")
    },
    "a merge keeps the newest frames of a branch behind a gate over the clip": (
        "- concat: {crop: newest, all: [gate: {x: [], g: [global_pool, conv: {channels: 4}, sigmoid]}], "
        "bare: [conv: {channels: 4, kernel: [4, 1, 1], padding: [0, 0, 0]}]}\n- shift: {frames: 3}"
    ),
    "the last taps of a dilated window see padding": (
        "- avg_pool: {kernel: [4, 1, 1], dilation: [2, 1, 1], padding: [4, 0, 0]}\n"
        "- subsample: {stride: [3, 1, 1]}\n- global_pool"
    ),
    "taps wider than the clip see padding at both ends": (
        "- shift: {frames: 2}\n- conv: {channels: 4, kernel: [4, 1, 1], dilation: [5, 1, 1]}\n- global_pool: "
        "{kernel: [1, all, all]}"
    ),
    "a crop leaves out the last frame ahead of padding": (
        "- crop: {after: [1, 0, 0]}\n- conv: {channels: 4, kernel: [2, 1, 1]}\n- global_pool"
    ),
    "strides pass by the oldest frames that a shift has left": (
        "- shift: {frames: 1}\n- subsample: {stride: [3, 1, 1]}\n- global_pool"
    ),
    "behind a gate over the clip a shift's first answers see nothing": f"{GATE}\n- shift: {{frames: 3}}",
    "behind a gate over the clip a shift's last answers see nothing": f"{GATE}\n- shift: {{frames: -3}}",
}


def test_a_lookahead_that_counts_the_pool_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metrics, "head_pools", lambda graph: frozenset())
    monkeypatch.setattr("costmodel.analysis.reach.head_pools", lambda graph: frozenset())
    assert wrong(continual(residual())).keys() == {"lookahead"}


def test_a_clip_that_sees_beyond_its_frames_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("costmodel.analysis.figures.clip_reach", lambda graph: stream_reach(timing(graph)))
    assert {"padding", "receptive_field"} <= wrong(residual()).keys()


def test_an_answer_that_comes_late_is_found(monkeypatch: pytest.MonkeyPatch):
    honest = StreamNetwork.forward_step
    last: list[Tensor | None] = [None]

    def late(network: StreamNetwork, frame: Tensor) -> Tensor | None:
        output, last[0] = last[0], honest(network, frame)
        # Of the two streams that run until a frame is changed it has nothing left for those that go on.
        return output if output is not None and len(output) == len(frame) else None

    monkeypatch.setattr(StreamNetwork, "forward_step", late)
    assert {"transient", "warmup"} <= wrong(continual(residual(stride=1))).keys()


def clip(network: str, frames: int = 12) -> Graph:
    text = f"input: {{channels: 4, time: {frames}, height: 3, width: 3}}\nnetwork:\n{network}"
    return elaborate(from_text(text, "x"))


@pytest.mark.parametrize("network", CLIPS.values(), ids=CLIPS)
@pytest.mark.parametrize("frames", [12, 13, 14])
def test_a_clip_sees_what_its_running_network_sees(network: str, frames: int):
    assert [check for check in check_reach(clip(network, frames)) if not check.holds] == []


@pytest.mark.parametrize("crop", ["first", "centred", "newest"])
@pytest.mark.parametrize("state", ["partial", "smallest"])
def test_streams_of_cropped_branches_see_and_answer_what_the_clip_does(crop: str, state: str):
    half = "stride: [2, 1, 1]"
    network = (
        f"- add: {{crop: {crop}, a: [conv: {{channels: 4, kernel: [4, 1, 1], padding: 0}}], b: []}}\n"
        f"- gate: {{crop: {crop}, a: [conv: {{channels: 4, kernel: [3, 1, 1], {half}, padding: 0}}],"
        f" b: [subsample: {{{half}}}, {{shift: {{frames: 1}}}}, sigmoid]}}"
    )
    stream = Continual(state=state)(clip(network))  # type: ignore[arg-type]
    for check in (check_reach, check_equality):
        assert [each for each in check(stream) if not each.holds] == []


@pytest.mark.parametrize("pool", ["global_pool", "max_pool: {kernel: [all, all, all]}"])
@pytest.mark.parametrize("state", ["partial", "window"])
def test_a_head_that_pools_all_frames_so_far_is_held_against_a_running_mean(pool: str, state: str):
    conv = "conv: {channels: 4, kernel: [3, 3, 3], stride: [2, 1, 1]}"
    network = f"- {conv}\n- {pool}\n- linear: {{channels: 3}}"
    stream = Continual(state=state, head_pool="cumulative")(clip(network))  # type: ignore[arg-type]
    for check in (check_reach, check_equality):
        assert [each for each in check(stream) if not each.holds] == []


def test_frames_that_come_into_bins_which_no_answer_sees_are_not_measured():
    nodes = (
        Node("bins", Sgs(bins=6, kernel="kronecker"), (INPUT,)),  # the last is empty: some frames are alike
        Node("last", Shift(frames=-5), ("bins",)),
        Node("pool", GlobalPool(), ("last",)),
    )
    checks = list(check_reach(Graph("binned", TensorType(2, 6, 3, 3), nodes)))
    assert [(check.what, check.holds) for check in checks] == [
        ("padding", None),
        ("delay", None),
        ("receptive_field", None),
    ]


BINS = "- conv: {channels: 4, kernel: [3, 1, 1]}\n- sgs: {active: 4, dimension: 3}"


@pytest.mark.parametrize("wrong_by", [0, 1])
def test_behind_a_sampler_no_answer_sees_more_than_is_told(wrong_by: int, monkeypatch: pytest.MonkeyPatch):
    graph = clip(BINS, 8)
    told = Figures(graph).reach[graph.output]
    less = told._replace(delay=told.delay - wrong_by, receptive_field=told.receptive_field - wrong_by)
    monkeypatch.setattr("costmodel.analysis.figures.clip_reach", lambda graph: {graph.output: less})
    held = {check.what: check.holds for check in check_reach(graph)}
    assert held == {"padding": True, "delay": not wrong_by, "receptive_field": not wrong_by}


def test_an_answer_of_a_block_sees_the_frames_of_its_block():
    checks = {check.what: check for check in check_reach(clip(BINS.replace("active", "block: 4, active"), 8))}
    assert all(check.holds for check in checks.values())
    assert checks["receptive_field"].predicted == checks["receptive_field"].measured == 5


def test_a_stream_without_strides_remembers_another_past_until_its_warm_up_ends():
    # Of one with strides the frames of its own cycle would tell as much.
    assert wrong(continual(residual(stride=1))) == {}


@given(st.integers(0, 40), st.integers(-40, 40), st.sampled_from([1, 2, 3, 4, 8]), st.integers(1, 8))
def test_where_outputs_take_over_tells_how_far_they_see(behind: int, ahead: int, jump: int, wrong_by: int):
    ahead, start = max(ahead, -behind), 200

    def seen(number: int) -> range:
        return range(number * jump - behind, number * jump + ahead + 1)

    def first(place: int) -> int:
        return next(number for number in range(300) if seen(number)[-1] >= place)

    def last(place: int) -> int:
        return next(number for number in reversed(range(300)) if seen(number)[0] <= place)

    # What is told decides where the search begins, and not what it finds.
    for told in (0, wrong_by):
        assert _behind(_aligned(start, -behind - 1 + told, jump), jump, last) == behind
        assert _ahead(_aligned(start, ahead + told, jump), jump, first) == ahead


@pytest.mark.parametrize("at_once", [2, 3])
def test_streams_tell_the_same_a_few_at_a_time(at_once: int, monkeypatch: pytest.MonkeyPatch):
    stream = continual(residual(stride=2))
    expected = list(check_reach(stream))
    monkeypatch.setattr(of_streams, "MOST_STREAMS", at_once)
    assert list(check_reach(stream)) == expected
    assert all(check.holds for check in expected)
