"""What learns, and what a recipe sets in a fresh network."""

from dataclasses import replace

import pytest
import torch
from tiny_training import LAST, RECIPE, network

from costmodel.emit import emit
from costmodel.errors import DataError
from costmodel.network import Network
from costmodel.spec.document import from_text
from search.train.forms import form_of
from search.train.initialisation import freeze, prepare
from search.train.recipe import Recipe


def of_layers(layers: str) -> Network:
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
    running = emit(of_layers(f"{CONV}, bn, {classifier}").graph())
    freeze(running)
    learned = {name for name, value in running.named_parameters() if value.requires_grad}
    assert learned == {"last.weight", "last.bias"}


def test_a_network_without_a_classifier_cannot_be_frozen():
    with pytest.raises(DataError, match="no layer with weights stands between"):
        freeze(emit(of_layers("{add: {a: [relu], b: []}}").graph()))


def test_hidden_dropout_drops_what_recurrent_layers_answer_in_training_alone():
    running = emit(of_layers("{lstm: {name: memory, channels: 50}}").graph())
    prepare(running, Recipe("own", 0.1, 8, 1, hidden_dropout=0.3))
    clip = torch.randn(4, 3, 4, 4, 4)
    dropped = (running.train()(clip) == 0).float().mean()
    assert float(dropped) == pytest.approx(0.3, abs=0.05)
    assert not bool((running.eval()(clip) == 0).any())


def test_residual_branches_start_at_zero_and_drop_out_by_clip():
    form = form_of(network(), "clip")
    prepare(form.network, replace(RECIPE, drop_connect=0.5))
    assert not form.network.layers[LAST].weight.any()
    add = form.network.add.train()
    torch.manual_seed(0)
    sums = add(torch.ones(200, 1, 1, 1, 1), torch.zeros(200, 1, 1, 1, 1))
    assert set(sums.flatten().tolist()) == {0.0, 2.0}
    assert 60 < (sums == 0).sum() < 140
    assert add.eval()(torch.ones(1), torch.ones(1)).tolist() == [2.0]
