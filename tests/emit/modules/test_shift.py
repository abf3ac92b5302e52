"""Streams with shifts into the past beside their clip network, from their first frame on."""

import pytest
import torch
from torch import nn

from costmodel import Graph, continual
from costmodel.emit.export import Cycle
from costmodel.emit.source import source_text
from costmodel.emit.stream import StreamNetwork
from costmodel.spec import elaborate, from_text
from costmodel.validation.costs import check_costs
from costmodel.validation.equality import check_equality
from costmodel.validation.reach import check_reach
from costmodel.validation.running import frames_of, running
from costmodel.validation.streams import check_streams

STAGES = (check_costs, check_reach, check_equality, check_streams)
CONV = "conv: {channels: 4, kernel: [3, 1, 1], bias: true}"
NETWORKS = {
    "behind a layer that is late": f"- {CONV}\n- shift: {{frames: 2}}",
    "ahead of a layer with a bias and a state": f"- shift: {{frames: 2}}\n- bn\n- {CONV}\n- {CONV}",
    "behind a part of another layer's memory": (
        "- split: {part: 1}\n- subsample: {stride: [1, 2, 2]}\n- concat: {old: [shift: {frames: 1}], now: []}"
    ),
    "in a branch that waits ahead of it": (
        "- concat: {old: [split: {part: 1}, conv: {channels: 8, bias: true}, shift: {frames: 1}], now: []}"
    ),
    "ahead of a stride": (
        f"- shift: {{frames: 1}}\n- max_pool: {{kernel: [2, 1, 1], stride: [2, 1, 1]}}\n- {CONV}"
    ),
    "ahead of a layer that remembers": "- shift: {frames: 2}\n- bn\n- gru: {channels: 3}",
}


def stream(network: str) -> Graph:
    text = f"input: {{channels: 4, time: 12, height: 4, width: 4}}\nnetwork:\n{network}"
    return continual(elaborate(from_text(text, "x")))


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_stream_with_a_shift_is_its_clip_network_from_the_first_frame_on(network: str):
    graph = stream(network)
    wrong = [check for stage in STAGES for check in stage(graph, 3) if not check.holds]
    assert wrong == []


def test_layers_behind_a_shift_must_have_seen_its_zeros(monkeypatch: pytest.MonkeyPatch):
    """Where streams start empty the comparison fails: a batch norm makes something of a shift's zeros."""
    graph = stream(NETWORKS["ahead of a layer with a bias and a state"])
    monkeypatch.setattr(StreamNetwork, "begun", lambda self, batch, like: self.program.empty(batch, like))
    wrong = {check.what for check in check_equality(graph, 3) if not check.holds}
    assert "steps_equal_the_clip_network" in wrong


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@torch.no_grad()
def test_the_written_stream_answers_as_the_module_from_the_first_frame_on(network: str):
    graph = stream(network)
    module, written = running(graph, 1), _written(graph)
    written.load_state_dict(module.state_dict())
    for frame in frames_of(graph, 2, 12, 1).unbind(2):
        expected, found = module.forward_step(frame), written.forward_step(frame)
        assert (found is None) == (expected is None)
        assert found is None or torch.allclose(
            found.reshape(expected.shape), expected, rtol=1e-12, atol=1e-12
        )


def _written(graph: Graph) -> nn.Module:
    names: dict[str, object] = {"__name__": "written"}
    exec(source_text(graph), names)
    networks = [each for each in names.values() if isinstance(each, type) and hasattr(each, "forward_step")]
    return networks[-1]().double().eval()


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@torch.no_grad()
def test_the_exported_cycle_answers_as_the_module_from_the_first_frame_on(network: str):
    graph = stream(network)
    module = running(graph, 1)
    cycle, clip = Cycle(module), frames_of(graph, 2, 12, 1)
    state = [each.double() if each.is_floating_point() else each for each in cycle.initial_state(2)]
    expected, _ = module.forward_steps(clip)
    found = []
    for start in range(0, 12, cycle.cycle):
        answers, valid, *state = cycle(clip[:, :, start : start + cycle.cycle], *state)
        found += [answers[:, :, number] for number in range(answers.shape[2]) if valid[:, number].all()]
    assert torch.allclose(torch.stack(found, 2).reshape(expected.shape), expected, rtol=1e-12, atol=1e-12)
