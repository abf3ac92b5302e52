"""Which layers are a network's head."""

import pytest

from costmodel import load
from costmodel.analysis.head import head_of
from costmodel.errors import GraphError
from costmodel.spec import elaborate, from_text

HEADS = {
    "x3d_s": ("fc1", "fc1_relu", "dropout", "fc2"),
    "slowfast": ("dropout", "projection"),
    "i3d_inception": ("dropout", "logits"),
    "squeezenet_3d": ("dropout", "classifier", "classifier_relu"),
    "d_resnet": ("classifier.layer",),
}


@pytest.mark.parametrize("name", HEADS)
def test_the_head_of_a_shipped_network(name: str):
    assert head_of(load(name)) == HEADS[name]


def test_recurrent_and_hidden_layers_are_of_the_head():
    assert head_of(load("d_resnet", variant="R18-lstm2")) == (
        "lstm.0.lstm",
        "lstm.1.lstm",
        "classifier.layer",
    )
    assert head_of(load("d_resnet", variant="R18-fc2"))[:2] == ("fc.0.hidden.layer", "fc.0.relu")


def test_where_branches_join_behind_all_weights_there_is_no_classifier():
    spec = """
        input: {channels: 3, time: 4, height: 4, width: 4}
        network: [{add: {a: [{conv: {channels: 3}}], b: []}}, relu]
    """
    with pytest.raises(GraphError, match="no layer with weights stands between 'relu', which answers"):
        head_of(elaborate(from_text(spec, "x")))
