"""Maps that live longer or shorter than predicted are found."""

import pytest
from checked import residual
from small_clips import SQUEEZED, clip

from costmodel import continual
from costmodel.analysis import memory
from costmodel.emit import network as network_
from costmodel.graph import Graph
from costmodel.validation.peak import check_peak

GRAPHS = [residual(), continual(residual()), clip(SQUEEZED), continual(clip(SQUEEZED), excite="clip")]


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_peak_is_what_the_running_network_holds(graph: Graph):
    (check,) = check_peak(graph)
    assert check.holds, check


@pytest.mark.parametrize("graph", [residual(), continual(residual())])
def test_a_peak_that_forgets_what_is_still_read_is_found(graph: Graph, monkeypatch: pytest.MonkeyPatch):
    def of_layers(graph: Graph) -> int:
        values = {name: int(each.values) for name, each in graph.types.items()}
        return max(values[node.name] + sum(values[name] for name in node.inputs[:1]) for node in graph.nodes)

    monkeypatch.setattr(memory, "peak_activation", of_layers)
    (check,) = check_peak(graph)
    assert check.measured > check.predicted


def test_maps_that_a_network_never_lets_go_are_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(network_, "last_readings", lambda graph: {node.name: () for node in graph.nodes})
    (check,) = check_peak(residual())
    assert check.measured > check.predicted


def test_a_stream_of_which_no_step_answers_with_all_layers_holds_at_most_what_is_predicted():
    # strides behind one another's delays: the short branches answer a step ahead of the window's
    text = (
        "- concat: {crop: true, late: [conv: {channels: 1, kernel: [3, 1, 1], stride: [3, 2, 2]}], "
        "early: [conv: {channels: 1, stride: [3, 2, 2]}], "
        "pooled: [avg_pool: {kernel: [1, 1, 3], stride: [3, 2, 2]}]}"
    )
    (check,) = check_peak(continual(clip(text), state="smallest"))
    assert (check.predicted, check.measured, check.is_limit) == (60, 56, True)
    assert check.holds
    assert "in no step do more than 4 of 6 layers answer" in check.note
