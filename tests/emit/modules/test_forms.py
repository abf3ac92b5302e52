"""The forms that layers run in for a compiler: other operators, the same answers, maps laid out alike."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch

from costmodel.emit import StreamNetwork, fold_norms
from costmodel.emit.backends import AtPhase, InChunk
from costmodel.emit.modules.forms import for_other_runtimes
from costmodel.graph import Graph
from costmodel.network import Network
from costmodel.validation.running import frames_of, running

SMALL = {"crop": 32, "frames": 4, "gamma_d": 0.2}


@pytest.fixture(scope="module")
def graph() -> Graph:
    return Network.of("x3d", "M", SMALL).continual().graph()


def _settled(graph: Graph, is_folded: bool = False) -> StreamNetwork:
    stream = running(graph, 0, "zeros")
    stream = fold_norms(stream) if is_folded else stream
    assert isinstance(stream, StreamNetwork)
    with torch.no_grad():
        stream.forward_steps(frames_of(graph, 1, stream.program.settled + 2 * graph.chunk, 0))
    return stream


@pytest.mark.parametrize("is_for_others", [False, True])
@torch.no_grad()
def test_steps_traced_for_a_compiler_answer_as_eager_ones(graph: Graph, is_for_others: bool) -> None:
    stream = _settled(graph)
    frame, tensors = frames_of(graph, 1, 1, 7)[:, :, 0], stream.get_state().tensors
    with for_other_runtimes() if is_for_others else nullcontext():
        traced = torch.export.export(AtPhase(stream, 0), (frame, tensors)).module()
    (found,), after = traced(frame, tensors)
    expected, kept = stream.advance(frame, tensors, 0)
    assert expected is not None
    assert torch.allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert all(torch.allclose(*each, rtol=1e-12, atol=1e-12) for each in zip(after, kept, strict=True))
    # Of the four stages with a block each, the three taps of the depthwise windows: as loops or as kernels.
    operators = [str(node.target) for node in traced.graph.nodes]
    assert "aten.conv3d.default" not in operators
    # And what stays open, of these two maps, of the stem four, is written where it is made.
    assert operators.count("aten.as_strided.default") == (0 if is_for_others else 4 * 9 + 4 * 2 + 4)
    assert operators.count("aten.conv2d.default") == 1 + (4 * 3 if is_for_others else 0)
    # Packed for a library, pointwise layers take longer to call than to multiply.
    assert ("aten.linear.default" in operators) == is_for_others
    assert ("aten.bmm.default" in operators) != is_for_others


@torch.no_grad()
def test_steps_with_the_biases_of_folded_norms_answer_as_eager_ones(graph: Graph) -> None:
    stream = _settled(graph, is_folded=True)
    frame, tensors = frames_of(graph, 1, 1, 7)[:, :, 0], stream.get_state().tensors
    (found,), after = torch.export.export(AtPhase(stream, 0), (frame, tensors)).module()(frame, tensors)
    expected, kept = stream.advance(frame, tensors, 0)
    assert expected is not None
    assert torch.allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert all(torch.allclose(*each, rtol=1e-12, atol=1e-12) for each in zip(after, kept, strict=True))


@pytest.mark.parametrize("chunk", [2, 5])
@torch.no_grad()
def test_chunks_traced_for_a_compiler_answer_as_eager_ones(graph: Graph, chunk: int) -> None:
    stream = _settled(replace(graph, chunk=chunk))
    frames, tensors = frames_of(graph, 1, chunk, 7), stream.get_state().tensors
    traced = torch.export.export(InChunk(stream), (frames, tensors)).module()
    (found,), after = traced(frames, tensors)
    expected, kept = stream.advance_together(frames, tensors)
    assert torch.allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert all(torch.allclose(*each, rtol=1e-12, atol=1e-12) for each in zip(after, kept, strict=True))
    # The stem's five taps on each frame, added map by map: in parts of one tensor each would be a loop.
    operators = [str(node.target) for node in traced.graph.nodes]
    assert operators.count("aten.addcmul.default") == 5 * chunk


@pytest.mark.parametrize("chunk", [1, 4])
def test_state_lies_channels_last_from_the_start(graph: Graph, chunk: int) -> None:
    stream = _settled(replace(graph, chunk=chunk))
    for state in (stream.initial_state(1), stream.get_state()):
        maps = [each for each in state.tensors if each.dim() == 4]
        assert maps
        assert all(each.is_contiguous(memory_format=torch.channels_last) for each in maps)
