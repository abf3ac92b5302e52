"""Bounds on figures that no formula gives: never above what a network comes to, and near it."""

import pytest

from costmodel.analysis.figures import Figures
from costmodel.analysis.least import least_peak, least_state
from costmodel.analysis.least_training import least_training
from costmodel.analysis.metrics import evaluate
from costmodel.network import Network
from costmodel.transforms.continual import Continual
from costmodel.transforms.retime import retime
from costmodel.validation.random_networks import random_graph, random_stream

SPECS = ("x3d_s", "mobilenet_v2_3d", "movinet", "d_resnet")


@pytest.mark.parametrize("spec", SPECS)
def test_a_bound_is_near_what_shipped_networks_come_to(spec: str):
    network = Network.of(spec)
    stream, smallest = (network.with_transform(Continual(state=each)) for each in ("partial", "smallest"))
    figures = Figures(smallest.graph(), batch=4)
    for least, name in (
        (least_peak(stream.graph()), "peak_activation_floats"),
        (least_state(stream.graph()), "state_floats"),
        (least_training(network.graph(), 4), "training_bytes"),
    ):
        assert 0.7 * evaluate(figures, name) < least <= evaluate(figures, name)


@pytest.mark.parametrize("seed", range(12))
def test_no_clip_network_is_below_its_bounds(seed: int):
    graph = random_graph(seed)
    figures = Figures(graph, batch=2)
    assert least_peak(graph) <= evaluate(figures, "peak_activation_floats")
    assert least_training(graph, 2) <= evaluate(figures, "training_bytes")


@pytest.mark.parametrize("seed", range(12))
def test_no_stream_is_below_its_bounds(seed: int):
    stream = random_stream(seed)
    smallest = Figures(retime(stream))
    assert least_state(stream) <= evaluate(smallest, "state_floats")
    assert least_peak(stream) <= evaluate(smallest, "peak_activation_floats")
