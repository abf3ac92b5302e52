"""Maps for validation are as small as a network allows."""

from costmodel import continual, load
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import (
    MaxPool,
)
from costmodel.types import TensorType
from costmodel.validation import needs
from costmodel.validation.maps import cut_down, on_maps, small, smallest


def test_maps_are_as_small_as_neighbours_allow():
    graph = load("x3d", variant="XS")
    assert smallest(graph).source == (3, 4, 4, 6)
    assert small(graph).source == (3, 4, 40, 48)


def test_maps_that_a_layer_needs_are_kept():
    nodes = (Node("pool", MaxPool(kernel=(1, 7, 7), padding=(0, 0, 0)), (INPUT,)),)
    graph = Graph("pool", TensorType(1, 2, 9, 7), nodes)
    assert smallest(graph).source == (1, 2, 8, 7) or smallest(graph) == graph
    assert on_maps(graph, 8, 8).types["pool"] == (1, 2, 2, 2)


def test_a_stream_that_is_too_much_runs_on_smaller_maps_and_says_so(monkeypatch):
    stream = continual(load("x3d", variant="XS"))
    assert (small(stream).source.height, cut_down(small(stream))) == (40, "")
    monkeypatch.setattr(needs, "MOST_BYTES", 2**28)
    assert 4 < small(stream).source.height < 40
    assert "see no neighbours" in cut_down(small(stream))
    monkeypatch.setattr(needs, "LEAST_BYTES", 1)
    monkeypatch.setattr(needs, "MOST_BYTES", 1)
    assert small(stream) == smallest(stream)
