"""Features in the classifier's place: the same numbers as inside the network, in every form."""

from pathlib import Path

import pytest
import torch

import cli
from costmodel import analyze
from costmodel.emit import emit
from costmodel.emit.carried import load_carried
from costmodel.emit.randomise import randomise
from costmodel.errors import OptionError, TransformError
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms import Transform
from costmodel.transforms.continual import Continual
from costmodel.transforms.dissect import Dissect
from costmodel.transforms.head import Head
from costmodel.transforms.output import Output
from costmodel.validation.validate import validate

SPEC = """
input: {channels: 3, time: 6, height: 8, width: 8}
network:
  - conv: {name: stem, channels: 4, kernel: [3, 3, 3], stride: [1, 2, 2], causal: true}
  - relu
  - avg_pool: {name: pool, kernel: [1, all, all]}
  - lstm: {name: memory, channels: 5}
  - linear: {name: classifier, channels: 7}
"""
PLACES = """
input: {channels: 3, time: 6, height: 8, width: 8}
network:
  - conv: {name: stem, channels: 4, kernel: [3, 3, 3]}
  - dropout: {name: dropout, rate: 0.5}
  - conv: {name: classifier, channels: 7}
  - relu: {name: positive}
  - global_pool: {name: pool}
"""


def network(spec: str, *transforms) -> Network:
    return Network(from_text(spec, "tiny"), {}, transforms)


@torch.no_grad()
@pytest.mark.parametrize(("spec", "layer"), [(SPEC, "pool"), (PLACES, None)])
def test_features_are_what_the_head_reads_in_the_whole_network(spec: str, layer: str | None):
    whole = emit(network(spec).graph()).double().eval()
    randomise(whole, 1)
    cut = network(spec, Head())
    features = emit(cut.graph()).double().eval()
    features.load_state_dict(cut.carried(whole.state_dict()), strict=True)
    clip = torch.randn((2, 3, 6, 8, 8), dtype=torch.float64)
    with whole.recording() as seen:
        whole(clip)
    wanted = seen["pool"][0][1] if layer else seen["stem"][0][1].mean((2, 3, 4), keepdim=True)
    torch.testing.assert_close(features(clip).flatten(), wanted.flatten(), rtol=1e-12, atol=1e-12)


def test_figures_of_features_are_as_measured_in_a_stream():
    cut = network(SPEC, Head(), Continual())
    assert str(cut.graph().types[cut.graph().output]) == "4x1x1x1"
    assert [check for check in validate(cut.graph()) if not check.holds] == []


def test_every_form_writes_features(tmp_path: Path):
    spec = tmp_path / "tiny.yaml"
    spec.write_text(f"name: tiny\n{SPEC}")
    for form in ("source", "torch-export", "onnx"):
        for stream in ([], ["--continual"]):
            out = tmp_path / f"features.{form}{len(stream)}"
            arguments = ["emit", str(spec), "--head", "features", *stream, "--as", form, "--out", str(out)]
            assert cli.main(arguments) == 0
            assert out.stat().st_size


def test_a_stream_is_cut_before_it_is_one(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["analyze", "d_resnet", "--continual", "--head", "features"]) == 2
    assert "--head: changes a clip network; give it ahead of --continual" in capsys.readouterr().err
    assert cli.main(["analyze", "d_resnet", "--head", "feature"]) == 2
    assert (
        capsys.readouterr().err
        == "error: --head: 'feature', expected features, fc[:FRAMES], lstm[:LAYERS] or gru[:LAYERS]\n"
    )


def test_a_network_without_a_classifier_or_of_nothing_else_is_refused():
    alone = "input: {channels: 3, time: 1, height: 1, width: 1}\nnetwork: [{linear: {channels: 2}}]"
    with pytest.raises(TransformError, match="--head: tiny is a classifier alone"):
        network(alone, Head()).graph()
    joined = "input: {channels: 3, time: 2, height: 2, width: 2}\nnetwork: [{add: {a: [relu], b: []}}]"
    with pytest.raises(TransformError, match="expected a classifier; name a layer with --output"):
        network(joined, Head()).graph()


def totals(cut: Network) -> dict[str, object]:
    return dict(analyze(cut.graph()).totals)


@pytest.mark.parametrize("head", ["fc", "fc:3", "lstm", "gru:2"])
def test_a_new_head_answers_for_every_frame_in_clip_and_stream(head: str):
    cut = network(PLACES, Head(head, 6 if head[0] != "f" else None), Continual())
    clip = cut.clip()
    assert str(clip.types[clip.output]) == "7x6x1x1"
    assert [check for check in validate(cut.graph()) if not check.holds] == []


@pytest.mark.parametrize(
    ("head", "params", "macs"),
    # Kopuklu 2022, table 4: parameters of D-ResNet-18, and the convolutions with the head of each
    [
        ("fc:16", 20_655_896, 744_591_360),
        ("lstm:2", 31_051_544, 754_970_624),
        ("gru:1", 21_079_832, 745_009_152),
    ],
)
def test_heads_of_a_dissected_resnet_are_the_paper_s(head: str, params: int, macs: int):
    found = totals(Network.of("resnet_3d", "18-A", {}, [Head(head), Dissect()]))
    assert (found["params"], found["macs_per_frame"]) == (params, macs)


def test_weights_ahead_of_a_new_head_are_kept(tmp_path: Path):
    whole = emit(network(SPEC).graph())
    path = tmp_path / "whole.pt"
    torch.save({"weights": whole.state_dict()}, path)
    cut = network(SPEC, Head("fc:2"))
    running = emit(cut.graph())
    load_carried(cut, running, path)
    assert torch.equal(running.state_dict()["stem.weight"], whole.state_dict()["stem.weight"])
    assert cut.weights_note == "weights trained without --head are a first value to train from"


@pytest.mark.parametrize(
    ("transforms", "message"),
    [
        ([Head("fc"), Head("lstm")], "--head: stands twice"),
        ([Output("stem"), Head("fc")], "--head: cannot stand behind --output"),
    ],
)
def test_heads_that_cannot_stand_there(transforms: list[Transform], message: str):
    with pytest.raises(TransformError, match=message):
        network(SPEC, *transforms)


@pytest.mark.parametrize(
    "head", ["", "fc:", "fc:0", "fc:-1", "fc:1e3", "lstm:17", "features:1", "rnn", "fc:99999999999999999999"]
)
def test_a_head_that_is_none_is_told_with_those_that_are(head: str):
    with pytest.raises(OptionError, match="expected features, fc"):
        Head(head)


def test_a_head_on_maps_is_refused():
    with pytest.raises(TransformError, match="has maps of 8 x 8 where its head stands"):
        network(PLACES.replace("  - global_pool: {name: pool}\n", ""), Head("fc")).graph()


def test_two_heads_on_a_command_line(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["analyze", "mobilenet_v2_3d", "--head", "fc", "--head", "lstm"]) == 2
    assert capsys.readouterr().err == "error: --head: stands twice, expected once at most\n"
