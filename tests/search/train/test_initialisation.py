"""What learns, and what a recipe sets in a fresh network."""

import pytest
import torch

from costmodel.emit import emit
from costmodel.errors import DataError
from costmodel.network import Network
from costmodel.spec.document import from_text
from search.train.initialisation import freeze, prepare
from search.train.recipe import Recipe


def network(layers: str) -> Network:
    head = f"input: {{channels: 3, time: 4, height: 4, width: 4}}\nnetwork: [{layers}]"
    return Network(from_text(head, "tiny"))


CONV = "{conv: {name: stem, channels: 5}}"


@pytest.mark.parametrize(
    "classifier",
    [
        "global_pool, {linear: {name: last, channels: 2}}",
        "{lstm: {channels: 4}}, {conv: {name: last, channels: 2, bias: true}}",
        "{conv: {name: last, channels: 2, bias: true}}, relu, global_pool",
    ],
)
def test_frozen_networks_learn_their_classifier_alone_whatever_layer_that_is(classifier: str):
    running = emit(network(f"{CONV}, bn, {classifier}").graph())
    freeze(running)
    learned = {name for name, value in running.named_parameters() if value.requires_grad}
    assert learned == {"last.weight", "last.bias"}


def test_a_network_without_a_classifier_cannot_be_frozen():
    with pytest.raises(DataError, match="no layer with weights stands between"):
        freeze(emit(network("{add: {a: [relu], b: []}}").graph()))


def test_hidden_dropout_drops_what_recurrent_layers_answer_in_training_alone():
    running = emit(network("{lstm: {name: memory, channels: 50}}").graph())
    prepare(running, Recipe("own", 0.1, 8, 1, hidden_dropout=0.3))
    clip = torch.randn(4, 3, 4, 4, 4)
    dropped = (running.train()(clip) == 0).float().mean()
    assert float(dropped) == pytest.approx(0.3, abs=0.05)
    assert not bool((running.eval()(clip) == 0).any())
