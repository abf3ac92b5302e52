"""Norms folded into the layers before them change no answer, clip and stream."""

import pytest
import torch
from emitted import assert_near, frames, stream_network
from residual_streams import residual

from costmodel import analyze, load
from costmodel.emit import fold_norms


@pytest.mark.parametrize(
    "graph",
    [residual(), load("x3d", variant="XS", crop=32, gamma_d=1, gamma_w=0.3, classes=8)],
    ids=["residual", "x3d"],
)
def test_folded_norms_change_no_answer(graph):
    network = stream_network(graph)
    folded = fold_norms(network)
    assert not any("bn" in name for name in folded.layers)
    clip = frames(network.graph, analyze(network.graph).totals["receptive_field"])
    with torch.no_grad():
        assert_near(folded(clip), network(clip))
        assert_near(folded.forward_steps(clip)[0], network.forward_steps(clip)[0])
