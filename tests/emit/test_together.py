"""A chunk of frames at a step answers as so many steps do, whatever the layers keep."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from costmodel import Graph, continual
from costmodel.emit import emit
from costmodel.emit.source import source_text
from costmodel.errors import EmitError
from costmodel.graph import INPUT, Node
from costmodel.ops import (
    Add,
    Attention,
    AvgPool,
    Conv,
    CumulativePool,
    GlobalPool,
    Gru,
    Lstm,
    MaxPool,
    Relu,
    Shift,
)
from tests.shared.checked import residual
from tests.shared.chunks import (
    assert_chunks_equal_steps,
    assert_program_equals_steps,
    clip_for,
    networks,
)
from tests.shared.emitted import SOURCE, chain

TIMED = Conv(channels=4, kernel=(3, 1, 1), bias=True)
BEHIND_A_DELAY = (TIMED, Relu())  # what comes behind them sees its first frame at step 1


def attending() -> Graph:
    nodes = (Node("a", TIMED, (INPUT,)), Node("b", Attention(over="window", frames=3), ("a", "a", "a")))
    return Graph("attending", SOURCE, nodes)


def shifted_beside() -> Graph:
    nodes = (Node("past", Shift(frames=2), (INPUT,)), Node("conv", TIMED, ("past",)))
    return Graph("shifted", SOURCE, (*nodes, Node("add", Add(), ("conv", INPUT))))


# Each with its cycle.
CASES: dict[str, tuple[Graph, int]] = {
    "a residual": (residual(stride=1), 1),
    "a strided residual": (residual(stride=2), 2),
    "dilated": (chain(Conv(channels=4, kernel=(3, 3, 3), dilation=(2, 1, 1), bias=True), TIMED), 1),
    "dilated and strided": (
        chain(Conv(channels=4, kernel=(4, 3, 3), dilation=(3, 1, 1), stride=(2, 1, 1))),
        2,
    ),
    "a kernel shorter than its stride": (
        chain(TIMED, Conv(channels=4, kernel=(1, 1, 1), stride=(3, 1, 1))),
        3,
    ),
    "depthwise": (chain(Conv(channels=4, kernel=(5, 1, 1), groups=4, bias=True), TIMED), 1),
    "depthwise in space": (chain(Conv(channels=4, kernel=(3, 3, 3), groups=4, bias=True), TIMED), 1),
    "a maximum": (chain(MaxPool(kernel=(3, 3, 3)), MaxPool(kernel=(3, 1, 1), stride=(2, 1, 1)), TIMED), 2),
    "an average": (
        chain(AvgPool(kernel=(3, 2, 2)), AvgPool(kernel=(2, 1, 1), stride=(2, 1, 1)), GlobalPool()),
        2,
    ),
    "an lstm behind a delay": (chain(*BEHIND_A_DELAY, Lstm(channels=3)), 1),
    "a gru behind a stride": (
        chain(Conv(channels=4, kernel=(3, 1, 1), stride=(2, 1, 1)), Gru(channels=3)),
        2,
    ),
    "all frames so far": (chain(*BEHIND_A_DELAY, CumulativePool(over="map")), 1),
    "shares of past and future": (chain(TIMED, Shift(past=Fraction(1, 4), future=Fraction(1, 4)), TIMED), 1),
    "a shift into the past": (shifted_beside(), 1),
    "attention to the last frames": (attending(), 1),
}


@pytest.mark.parametrize("name", CASES)
def test_chunks_answer_as_their_frames_do_one_by_one(name: str):
    graph, cycle = CASES[name]
    for chunk in (cycle if cycle > 1 else 2, 4 * cycle):
        for init in ("zeros", "replicate"):
            for state in ("partial", "window"):
                assert_chunks_equal_steps(graph, chunk, init=init, state=state)


@pytest.mark.parametrize("name", CASES)
def test_an_exported_chunk_answers_as_the_module_does_from_the_first_frame_on(name: str, monkeypatch):
    graph, cycle = CASES[name]
    assert_program_equals_steps(graph, 4 * cycle)
    # In the forms that compilers take, run as they are.
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    for chunk in (cycle if cycle > 1 else 2, 4 * cycle):
        for state in ("partial", "window"):
            assert_program_equals_steps(graph, chunk, state=state)


def test_a_chunk_keeps_memory_for_its_state_and_nothing_more():
    _, many = networks(residual(stride=1), 4)
    many.forward_steps(clip_for(many, 4))
    assert many.get_state().floats == sum(map(int, _held(many)))


def _held(network) -> list[int]:
    tensors = network.get_state().tensors
    behind = {each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() // 8 for each in tensors}
    return [floats // 2 for floats in behind.values()]  # of each of two streams


def test_the_last_answer_of_each_chunk_can_be_had_alone():
    one, _ = networks(residual(stride=1), 4)
    last = emit(continual(residual(stride=1), chunk=4, answers="last")).double().eval()
    last.load_state_dict(one.state_dict())
    clip = clip_for(one, 4)
    with torch.no_grad():
        expected, found = one.forward_steps(clip)[0], last.forward_steps(clip)[0]
    assert found.shape[2] < expected.shape[2]
    assert torch.allclose(found, expected[:, :, -4 * found.shape[2] + 3 :: 4], atol=0, rtol=1e-9)


def test_streams_of_a_batch_that_start_anew_leave_their_neighbours_alone():
    one, many = networks(residual(stride=2), 4)
    clip = clip_for(one, 4, behind=6)
    half = clip.shape[2] // 8 * 4
    with torch.no_grad():
        for network in (one, many):
            network.forward_steps(clip[:, :, :half])
            network.reset([1])
        expected, found = one.forward_steps(clip[:, :, half:]), many.forward_steps(clip[:, :, half:])
    assert torch.equal(found[1], expected[1])
    chosen = expected[1].unsqueeze(1).expand_as(expected[0])
    assert torch.allclose(found[0][chosen], expected[0][chosen], atol=1e-12)


def test_what_is_written_frame_by_frame_refuses_chunks():
    chunked = continual(residual(stride=1), chunk=2)
    with pytest.raises(
        EmitError, match="--chunk: source runs frame by frame; leave it out, or take torch-export"
    ):
        source_text(chunked)
