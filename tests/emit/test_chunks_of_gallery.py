"""Every network that comes with the tool answers chunks of frames as it answers them one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from costmodel.analysis.temporal import cycle_of
from costmodel.emit import StreamNetwork
from costmodel.network import Network
from costmodel.numbers import ceil_div
from costmodel.validation.maps import smallest
from costmodel.validation.running import frames_of, running
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
    for init in ("zeros", "replicate"):
        one = running(graph, 0, init)
        assert isinstance(one, StreamNetwork)
        for chunk in {max(2, factor * cycle_of(graph)) for factor in factors}:
            many = running(replace(graph, chunk=chunk), 0, init)
            assert isinstance(many, StreamNetwork)
            # Chunks run at once from the second that is settled on; the last is cut short.
            clip = frames_of(graph, 1, (ceil_div(one.program.settled, chunk) + 2) * chunk + 1, 0)
            one.reset()
            expected, are_valid = one.forward_steps(clip)
            found, valid = many.forward_steps(clip)
            assert torch.equal(valid, are_valid)
            assert float((found - expected).abs().max() / expected.abs().max()) <= 1e-12
