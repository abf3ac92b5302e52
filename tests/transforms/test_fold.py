"""Batch norms folded: which, what becomes of the weights, and that no answer changes."""

import pytest
import torch

from costmodel import Graph, continual
from costmodel.emit import emit
from costmodel.emit.randomise import randomise
from costmodel.spec import elaborate, from_text
from costmodel.transforms.fold import Fold, folded_norms

NETWORK = """
input: {channels: 3, time: 6, height: 5, width: 5}
network:
  - conv: {name: a, channels: 4, kernel: [3, 3, 3]}
  - bn: {name: norm_a, eps: 0.01}
  - add:
      name: both
      one: [{bn: {name: norm_alone}}]
      two: [{conv: {name: b, channels: 4, bias: true}}, {bn: {name: norm_b}}]
  - conv_transpose: {name: up, channels: 6, kernel: [1, 3, 2], stride: [1, 2, 2], groups: 2}
  - bn: {name: norm_up}
  - global_pool
  - linear: {name: head, channels: 5}
  - bn: {name: norm_head}
"""


@pytest.fixture(params=["clip", "stream"])
def graph(request: pytest.FixtureRequest) -> Graph:
    clip = elaborate(from_text(NETWORK))
    return continual(clip) if request.param == "stream" else clip


def test_norms_that_alone_read_a_layer_are_folded_into_it(graph: Graph):
    found = {"norm_a": "a", "both.two.norm_b": "both.two.b", "norm_up": "up", "norm_head": "head"}
    assert folded_norms(graph) == found
    left = {node.name for node in Fold()(graph).nodes}
    assert left == {node.name for node in graph.nodes} - set(folded_norms(graph))


def test_of_a_stream_its_clip_network_is_folded_too():
    clip = elaborate(from_text(NETWORK))
    assert Fold()(continual(clip)).clip == Fold()(clip)
    assert Fold()(continual(clip)) == continual(Fold()(clip))


def test_two_readers_keep_the_norm():
    spec = NETWORK.replace("      two:", "      three: [{relu: {from: a}}]\n      two:").replace(
        "name: a", "as: a"
    )
    assert "norm_a" not in folded_norms(elaborate(from_text(spec)))


@torch.no_grad()
def test_answers_stay_the_same(graph: Graph):
    network, folded = emit(graph).double().eval(), emit(Fold()(graph)).double().eval()
    randomise(network, seed=3)
    assert not any(torch.equal(value, torch.ones_like(value)) for value in network.state_dict().values())
    folded.load_state_dict(Fold().weights(graph, folded.graph, network.state_dict()), strict=True)
    clip = torch.randn((2, 3, 20 if graph.is_stream else 6, 5, 5), dtype=torch.float64)
    torch.testing.assert_close(folded(clip), network(clip), rtol=1e-10, atol=1e-12)
