"""Features in the classifier's place: the same numbers as inside the network, in every form."""

from pathlib import Path

import pytest
import torch

import cli
from costmodel.emit import emit
from costmodel.emit.randomise import randomise
from costmodel.errors import TransformError
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms.continual import Continual
from costmodel.transforms.head import Head
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
    assert capsys.readouterr().err == "error: --head: 'feature', expected features\n"


def test_a_network_without_a_classifier_or_of_nothing_else_is_refused():
    alone = "input: {channels: 3, time: 1, height: 1, width: 1}\nnetwork: [{linear: {channels: 2}}]"
    with pytest.raises(TransformError, match="--head: tiny is a classifier alone"):
        network(alone, Head()).graph()
    joined = "input: {channels: 3, time: 2, height: 2, width: 2}\nnetwork: [{add: {a: [relu], b: []}}]"
    with pytest.raises(TransformError, match="expected a classifier; name a layer with --output"):
        network(joined, Head()).graph()
