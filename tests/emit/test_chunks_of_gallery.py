"""Every network that comes with the tool answers chunks of frames as it answers them one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from costmodel import Graph
from costmodel.analysis.temporal import cycle_of
from costmodel.emit import StreamNetwork, emit
from costmodel.emit.export import Chunk
from costmodel.network import Network
from costmodel.numbers import ceil_div
from costmodel.validation.maps import smallest
from costmodel.validation.running import drawn, frames_of
from reports.gallery import Entry, entries
from tests.emit.test_gallery import CLIP_ALONE

# Two, small: squeeze-excite and waits, and two pathways with strides in time.
FEW = {
    "x3d": Entry("x3d", "M", {"crop": 32, "frames": 4, "gamma_d": 0.2}),
    "slowfast": Entry("slowfast", "8x8-R18", {"crop": 32, "frames": 8, "channels": 16, "blocks5": 1}),
}
FAMILIES = {each.spec: each for each in entries() if each.variant not in CLIP_ALONE}


@pytest.mark.parametrize("name", FEW)
def test_networks_answer_chunks_as_single_frames(name: str):
    _check(FEW[name], factors=(1,))


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_answers_chunks_of_a_cycle_and_of_four_as_single_frames(name: str):
    _check(FAMILIES[name], factors=(1, 4))


@torch.no_grad()
def _check(entry: Entry, factors: tuple[int, ...]) -> None:
    graph = smallest(Network.of(entry.spec, entry.variant, entry.sets).continual().graph())
    chunks = sorted({max(2, factor * cycle_of(graph)) for factor in factors})
    # Drawn once, and held once: the largest of these networks have a gigabyte of weights.
    weights = drawn(graph, 0)
    drawn.cache_clear()
    for init in ("zeros", "replicate"):
        one = _stream(graph, weights, init)
        # Chunks run at once from the second that is settled on; the last is cut short.
        settled = ceil_div(one.program.settled, chunks[-1])
        clip = frames_of(graph, 1, (settled + 2) * chunks[-1] + 1, 0)
        expected = one.forward_steps(clip)
        one.reset()
        # Some make more of rounding than others: what the last place of the frames moves tells how much.
        moved = one.forward_steps(clip * (1 + 1e-15))
        most = max(1e-12, 4 * _gap(moved[0], expected[0]))
        for chunk in chunks:
            many = _stream(replace(graph, chunk=chunk), weights, init)
            _assert_equal(many.forward_steps(clip), expected, most)
            if init == "zeros":
                _assert_equal(_exported(many, clip), expected, most)


def _stream(graph: Graph, weights: Mapping[str, Tensor], init: str) -> StreamNetwork:
    network = emit(graph, init=init)
    assert isinstance(network, StreamNetwork)
    network.load_state_dict(weights, assign=True)
    return network.eval()


def _exported(network: StreamNetwork, clip: Tensor) -> tuple[Tensor, Tensor]:
    """What the program that is exported answers, in chunks from the first frame on, told apart by its age."""
    program = Chunk(network)
    found, state = [], program.initial_state()
    for frames in clip[:, :, :-1].split(program.cycle, 2):
        answers, valid, *state = program(frames, *state)
        found.append(answers[:, :, valid[0]].flatten(3).squeeze(3))
    answers = torch.cat(found, 2)
    return answers, torch.ones(1, answers.shape[2], dtype=torch.bool)


def _gap(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).abs().max() / expected.abs().max())


def _assert_equal(found: tuple[Tensor, Tensor], expected: tuple[Tensor, Tensor], most: float) -> None:
    # The program takes whole chunks alone: the answer to a frame left over is missing there.
    (answers, valid), (steps, are_valid) = found, expected
    count = answers.shape[2]
    assert count >= steps.shape[2] - 1
    assert torch.equal(valid, are_valid[:, :count])
    assert _gap(answers, steps[:, :, :count]) <= most
