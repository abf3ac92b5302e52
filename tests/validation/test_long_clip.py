"""What a stream must answer, by the running clip network alone: a rule that both read is found out."""

from collections.abc import Callable

import pytest
import torch
from small_clips import CROPPED, SQUEEZED, STRIDED, clip

from costmodel import continual
from costmodel.emit import emit
from costmodel.graph import Graph
from costmodel.numbers import Size
from costmodel.ops import ClipCrop
from costmodel.transforms.stream_graph import StreamGraph
from costmodel.types import TensorType, Window
from costmodel.validation.equality import check_equality
from costmodel.validation.forms import check_forms
from costmodel.validation.long_clip import LongClip


def failing(stream: Graph) -> set[str]:
    return {check.what for check in check_equality(stream) if not check.holds}


@pytest.mark.parametrize("network", [STRIDED, SQUEEZED, CROPPED])
@pytest.mark.parametrize("excite", ["frame", "clip"])
def test_streams_answer_as_the_long_clip_does(network: str, excite: str):
    assert failing(continual(clip(network), excite=excite)) == set()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "layer",
    [
        "- group_norm: {groups: 2, over: clip}",
        "- instance_norm: {over: clip}",
        "- attention: {query: [], key: [], value: []}",
        "- attention: {over: time, heads: 2, query: [], key: [], value: []}",
        "- window_attention: {windows: [1, 3, 1], shift: [0, 1, 0], query: [], key: [], value: []}",
        "- roll: {to_end: [0, 1, 1]}",
        "- flatten",
    ],
)
def test_what_looks_at_the_whole_clip_takes_each_frame_alone_where_one_arrives(layer: str):
    one = "- conv: {channels: 4, kernel: [12, 3, 3], padding: [0, 1, 1]}\n"
    assert failing(continual(clip(one + layer))) == set()


@pytest.mark.parametrize("pool", [None, 7])
@pytest.mark.parametrize("off", [-1, 1])
def test_a_pool_of_other_frames_than_arrive_is_found(pool: int | None, off: int, monkeypatch):
    honest: Callable[..., Size | None] = StreamGraph._covered

    def other(*given: object) -> Size | None:
        covers = honest(*given)
        return None if covers is None else covers + off

    monkeypatch.setattr(StreamGraph, "_covered", other)
    assert "steps_equal_the_clip_network" in failing(continual(clip(STRIDED), pool=pool))


def test_a_pool_rounded_down_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("costmodel.transforms.stream_graph.ceil_div", lambda value, divisor: value // divisor)
    assert "steps_equal_the_clip_network" in failing(continual(clip(STRIDED), pool=7))


def test_a_crop_that_is_read_a_frame_off_is_found(monkeypatch: pytest.MonkeyPatch):
    def off(op: ClipCrop, x: TensorType) -> Window:
        return Window(before=1 - op.before[0])

    monkeypatch.setattr(ClipCrop, "window", off)
    assert "steps_equal_the_clip_network" in failing(continual(clip(CROPPED)))


def test_squeezes_and_heads_are_told_apart_by_how_clips_run():
    lengths = LongClip(clip(SQUEEZED), emit(clip(SQUEEZED)).layers).lengths
    assert len(lengths.squeezing) == 1
    assert len(lengths.closing) == 2
    assert (lengths.own["conv"], lengths.jumps["conv"]) == (6, 2)


def test_windows_of_a_causal_pool_end_with_their_frame():
    network = STRIDED.replace("- global_pool", "- global_pool: {causal: true}")
    graph = clip(network)
    long = LongClip(graph, emit(graph).layers)
    found = long(torch.randn(1, *map(int, graph.source.with_time(20))))
    assert found["relu"].shape[2] == found[graph.output].shape[2] == 10


def test_a_clip_is_long_enough_for_a_merge_behind_a_window_over_the_clip():
    gate = "gate: {x: [], g: [max_pool: {kernel: [all, all, all]}]}"
    unpadded = "conv: {channels: 4, kernel: [3, 1, 1], dilation: [4, 1, 1], padding: 0}"
    branches = f"{{crop: centred, one: [{unpadded}], two: [{gate}]}}"
    network = f"- concat: {branches}\n- avg_pool: {{kernel: [1, all, all]}}"
    stream = continual(clip(network), excite="clip")
    assert [check for check in check_forms(stream) if not check.holds] == []
    long = LongClip(stream, emit(stream).layers)
    found = long(torch.randn(1, *map(int, stream.source.with_time(24))))
    frames = {name: found[name].shape[2] for name in long.lengths.growing}
    assert frames == {name: long.answered(name, 24) for name in frames}
    assert frames[stream.output] == 24 - 8 - 11  # the window, and the frames of the clip but one
