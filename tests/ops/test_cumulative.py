"""Pools over all frames so far: a clip equals its stream, and a stream counts its frames for itself."""

from __future__ import annotations

import pytest
import torch

from costmodel import analyze
from costmodel.emit import emit
from costmodel.emit.backends import Runner
from costmodel.emit.state import held_floats
from costmodel.errors import OptionError, TransformError
from costmodel.graph import Graph, Node
from costmodel.ops import AvgPool, Concat, Conv, CumulativePool, Gate, GlobalPool, MaxPool, Op, Sigmoid
from costmodel.transforms.causal import Causal
from costmodel.transforms.continual import Continual, continual
from costmodel.types import Streaming, TensorType
from costmodel.validation.validate import validate
from tests.shared.emitted import assert_near, chain, clip_network, frames, stream_network

X = TensorType(4, 8, 6, 6)
AHEAD = Conv(channels=3, kernel=(3, 1, 1), stride=(2, 1, 1))


def excited() -> Graph:
    """Squeeze-excite as MoViNet has it: a frame's mean beside the mean of all frames so far."""
    nodes = (
        Node("conv", Conv(channels=4, kernel=(3, 1, 1), causal=True), ("input",)),
        Node("now", GlobalPool(kernel=(1, None, None)), ("conv",)),
        Node("past", CumulativePool(), ("now",)),
        Node("both", Concat(), ("past", "now")),
        Node("fc", Conv(channels=4, bias=True), ("both",)),
        Node("share", Sigmoid(), ("fc",)),
        Node("gate", Gate(), ("conv", "share")),
        Node("head", CumulativePool(over="map", answers="last"), ("gate",)),
        Node("answer", Conv(channels=2), ("head",)),
    )
    return Graph("excited", X, nodes)


@pytest.mark.parametrize(
    "op",
    [
        CumulativePool(),
        CumulativePool(of="max"),
        CumulativePool(over="map"),
        CumulativePool(of="max", over="map"),
    ],
)
def test_a_stream_answers_as_the_clip_does(op: Op):
    graph = chain(AHEAD, op, Conv(channels=2, kernel=(3, 1, 1), causal=True))
    stream, clip = stream_network(graph), frames(graph, 12)
    outputs, _ = stream.forward_steps(clip)
    expected = clip_network(graph)(clip)[:, :, : outputs.shape[2]]
    assert_near(outputs.reshape(expected.shape), expected)


def test_the_last_answer_of_a_clip_is_a_streams_at_its_last_frame():
    graph = excited()
    stream, clip = stream_network(graph), frames(graph, 8)
    outputs, _ = stream.forward_steps(clip)
    assert outputs.shape[2] == 8
    assert_near(outputs[:, :, -1], clip_network(graph)(clip))


def test_the_state_is_one_vector_and_no_counter():
    stream = stream_network(excited())
    stream.forward_steps(frames(stream.graph, 5, batch=1))
    totals = analyze(stream.graph).totals
    assert totals["state_floats"] == held_floats(stream.get_state().tensors) == 2 * 4 * 36 + 4 + 4
    assert totals["receptive_field"] == totals["warmup"] == float("inf")
    assert totals["delay"] == 0


def test_every_figure_of_it_holds():
    for graph in (excited(), continual(excited())):
        assert [check for check in validate(graph) if not check.holds] == []


def test_a_stream_that_is_reset_counts_anew_beside_others():
    graph = chain(AHEAD, CumulativePool(), source=X)
    network, clip = stream_network(graph), frames(graph, 24)
    network.forward_steps(clip[:, :, :10])
    network.reset([1])
    mixed, valid = network.forward_steps(clip[:, :, 10:])
    alone = stream_network(graph)
    expected, _ = alone.forward_steps(clip[1:, :, 10:])
    assert_near(mixed[1:, :, valid[1]], expected)


def test_a_runner_hands_the_ages_on():
    network = stream_network(chain(AHEAD, CumulativePool()))
    runner = Runner(network, "eager")
    for frame in frames(network.graph, 9).unbind(2):
        with torch.no_grad():
            expected, found = network.forward_step(frame), runner.forward_step(frame)
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            assert_near(found, expected)


def test_the_mean_is_kept_in_32_bits_where_the_network_has_16():
    network = emit(continual(chain(CumulativePool(), source=TensorType(1, 4, 1, 1)))).to(torch.bfloat16)
    network._state = network.initial_state(1, torch.zeros(1, dtype=torch.bfloat16))
    for number in range(2000):
        answer = network.forward_step(torch.full((1, 1, 1, 1), float(number % 2), dtype=torch.bfloat16))
    assert network.get_state().tensors[0].dtype == torch.float32
    assert float(network.get_state().tensors[0]) == pytest.approx(0.5, abs=1e-4)
    assert answer is not None
    assert answer.dtype == torch.bfloat16


@pytest.mark.parametrize(
    "head", [GlobalPool(), MaxPool(kernel=(None, None, None)), GlobalPool(kernel=(None, 1, 1))]
)
def test_a_head_pool_goes_on_over_all_frames_so_far(head: Op):
    graph = chain(Conv(channels=3, kernel=(3, 1, 1), causal=True), head, Conv(channels=2))
    network = stream_network(graph, head_pool="cumulative")
    clip = frames(graph, 12)
    outputs, _ = network.forward_steps(clip)
    answer = clip_network(graph)(clip)
    assert_near(outputs[:, :, -1].reshape(answer.shape), answer)
    kept = {"layer1.mean", "layer1.max"} & set(network.get_state().names)
    assert len(kept) == 1
    assert "all frames so far" in network.graph.notes[-1]


def test_causal_gives_the_same_head():
    graph = chain(Conv(channels=3, kernel=(3, 1, 1)), GlobalPool(), Conv(channels=2))
    causal = Causal(head_pool="cumulative")(graph)
    assert causal.by_name["layer1"].op == CumulativePool(over="map", answers="last")
    assert analyze(causal).totals["delay"] == 0
    stream = Continual(head_pool="cumulative")(causal)
    assert analyze(stream).totals["receptive_field"] == float("inf")
    assert [check for check in validate(stream) if not check.holds] == []


def test_what_cannot_go_on_says_why():
    parts = chain(AvgPool(kernel=(None, 3, 3)))
    with pytest.raises(
        TransformError, match=r"^layer0: avg_pool over parts of the map cannot go on over all"
    ):
        continual(parts, head_pool="cumulative")
    with pytest.raises(TransformError, match=r"^--head-pool: chain has no pool over the whole clip$"):
        continual(chain(AHEAD), head_pool="cumulative")
    with pytest.raises(TransformError, match=r"^--head-pool: chain has no pool over the whole clip$"):
        Causal(head_pool="cumulative")(chain(AHEAD))
    with pytest.raises(OptionError, match=r"^--pool: the head pools all frames so far; leave out"):
        Continual(pool=8, head_pool="cumulative")
    with pytest.raises(
        TransformError, match=r"^cumulative_pool remembers frames behind a pool over the whole"
    ):
        CumulativePool().streamed(Streaming(is_behind_pool=True), X)
