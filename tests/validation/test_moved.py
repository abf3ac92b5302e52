"""Traffic that is counted wrong is found, layer by layer."""

from collections.abc import Mapping

import pytest
from checked import residual
from small_clips import CROPPED, SQUEEZED, clip

from costmodel import continual
from costmodel.analysis import traffic
from costmodel.analysis.traffic import Traffic, traffic_of
from costmodel.graph import Graph
from costmodel.ops import Op
from costmodel.transforms.continual import State
from costmodel.types import TensorType
from costmodel.validation.moved import check_traffic

NETWORKS = (
    SQUEEZED,
    CROPPED,
    "- subsample: {stride: [2, 1, 1]}\n- conv: {channels: 4, kernel: [3, 1, 1], dilation: [2, 1, 1]}\n- relu",
    "- add: {crop: centred, main: [conv: {channels: 4, kernel: [3, 1, 1], padding: 0}], shortcut: []}",
    "- lstm: {channels: 2}\n- conv: {channels: 6, kernel: [2, 1, 1], stride: [3, 1, 1]}",
    "- shift: {past: 0.25, future: 0.25}\n- lstm: {channels: 3}\n- cumulative_pool\n- max_pool: {kernel: 3}",
)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("state", ["partial", "window", "smallest"])
def test_traffic_is_what_running_layers_read_and_write(network: str, state: State):
    for graph in (clip(network), continual(clip(network), state=state)):
        (check,) = check_traffic(graph)
        assert check.holds, check.note


@pytest.mark.parametrize("network", ["- rms_norm\n- flatten", "- relu\n- flatten"])
def test_a_flatten_moves_nothing_however_its_input_lies(network: str):
    (check,) = check_traffic(clip(network))
    assert check.holds, check.note


@pytest.mark.parametrize("graph", [residual(), continual(residual())])
@pytest.mark.parametrize("field", ["weights", "inputs", "outputs", "state_read", "state_written"])
def test_what_is_left_out_is_found(graph: Graph, field: str, monkeypatch: pytest.MonkeyPatch):
    def without(op: Op, inputs: tuple[TensorType, ...]) -> Traffic:
        changes: Mapping[str, int] = {field: 0}
        return traffic_of(op, inputs)._replace(**changes)

    monkeypatch.setattr(traffic, "traffic_of", without)
    (check,) = check_traffic(graph)
    assert check.holds == (field.startswith("state") and not graph.is_stream)
