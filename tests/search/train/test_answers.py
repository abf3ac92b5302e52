"""Which answers count, checked on running networks."""

from pathlib import Path

import pytest
import torch

from costmodel.emit import emit
from costmodel.errors import OptionError
from costmodel.graph import Graph
from costmodel.network import Network
from costmodel.spec import document, elaborate
from costmodel.spec.document import from_text
from costmodel.transforms.continual import continual
from search.data import open_data
from search.train.answers import Reading
from search.train.fit import reading_of
from search.train.forms import form_of
from search.train.loop import WEIGHTS, train
from search.train.options import Options
from search.train.recipe import Recipe

SPEC = """
input: {channels: 1, time: frames, height: 6, width: 6}
sizes: {frames: 4, classes: 12}
structure: {causal: true}
network:
  - conv: {name: stem, channels: 3, kernel: [3, 3, 3], causal: causal}
  - avg_pool: {kernel: [1, all, all]}
  - conv: {name: head, channels: classes, kernel: [2, 1, 1], causal: true, bias: true}
"""


def network(**sets: object) -> Graph:
    return elaborate(from_text(SPEC, "frames"), None, sets)


def test_the_last_answer_counts_where_the_network_looks_back_alone_and_the_mean_where_it_looks_ahead():
    clips = torch.randn(2, 1, 4, 6, 6)
    for causal, expected in ((True, lambda given: given[:, :, 3]), (False, lambda given: given.mean(2))):
        form = form_of(network(causal=causal), "clip")
        answers = form.network(clips)[..., 0, 0]
        torch.testing.assert_close(form.logits(clips), expected(answers))


def test_chosen_answers_are_averaged():
    form = form_of(network(), "clip", Reading("1,3"))
    clips = torch.randn(2, 1, 4, 6, 6)
    answers = form.network(clips)[..., 0, 0]
    torch.testing.assert_close(form.logits(clips), (answers[:, :, 1] + answers[:, :, 3]) / 2)


@pytest.mark.parametrize("text", ["first", "2,4", "-1"])
def test_answers_that_are_not_there_are_named(text: str):
    with pytest.raises(OptionError) as error:
        form_of(network(), "clip", Reading(text))
    expected = "expected last, mean, or numbers of answers from 0 to 3 such as 2,3"
    assert str(error.value) == f"answers: {text!r}, {expected}"


def test_d3d_is_fed_19_frames_and_answers_from_the_last_16_features():
    graph = elaborate(document("d_resnet"), "R18-none", {"crop": 16, "classes": 5})
    form = form_of(graph, "clip", Reading("last", 3))
    assert form.frames == 19
    with form.network.eval().recording() as record, torch.no_grad():
        answer = form.logits(torch.randn(1, 3, 19, 16, 16))
    ((_, features),) = record["avgpool"]
    classifier = form.network.layers["classifier.layer"]
    by_hand = torch.einsum("oct,ct->o", classifier.weight[..., 0, 0], features[0, :, 3:, 0, 0])
    torch.testing.assert_close(answer[0], by_hand + classifier.bias)


def test_frames_ahead_do_not_change_a_network_that_answers_once():
    graph = elaborate(document("x3d"), "XS", {"crop": 32})
    assert Reading("", 3).fed(graph) is graph


def test_a_file_of_weights_says_how_its_network_was_trained_to_answer(tmp_path: Path):
    recipe = Recipe("tiny", 0.1, 8, 1, answers="last", lead=2, mirror=False)
    result = train(
        Network(from_text(SPEC, "tiny")), open_data("digits:train=8,val=4"), recipe, Options(folder=tmp_path)
    )
    assert result.form.frames == 6
    assert reading_of(tmp_path / WEIGHTS) == Reading("last", 2)


@pytest.mark.parametrize("kind", ["unpadded", "stepwise"])
def test_a_recurrent_head_learns_end_to_end_as_a_stream(kind: str):
    spec = SPEC.replace("  - conv: {name: head", "  - lstm: {channels: 4}\n  - conv: {name: head")
    recurrent = Network(from_text(spec, "recurrent"))
    recipe = Recipe("tiny", 0.1, 8, 1, mirror=False)
    options = Options(kind=kind)  # type: ignore[arg-type]
    result = train(recurrent, open_data("digits:train=8,val=4"), recipe, options)
    clips = torch.randn(2, 1, result.form.frames, 6, 6)
    with torch.no_grad():
        network = result.form.network.eval()
        # what remembers for ever never forgets padding: the stream of the network without any is compared
        stream = emit(continual(network.graph) if kind == "unpadded" else network.graph).eval()
        stream.load_state_dict(network.state_dict())
        steps, _ = stream.forward_steps(clips)
        torch.testing.assert_close(steps[..., -1], result.form.logits(clips))
    assert result.form.network.lstm.weight_hh.grad is None
    assert result.rows[0]["train_loss"] > 0
