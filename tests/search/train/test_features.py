"""Heads that learn from stored features of the rest of their network."""

from pathlib import Path

import numpy as np
import pytest
import torch

import cli
from costmodel.emit import emit
from costmodel.errors import DataError, OptionError
from costmodel.network import Network
from costmodel.spec.document import from_text
from search.data import Data, open_data
from search.data.views import centre_clips
from search.train import features as module
from search.train.checkpoint import load_weights
from search.train.feature_learner import FeatureLearner
from search.train.fit import as_wide, view_of
from search.train.loop import train
from search.train.options import Options
from search.train.recipe import Recipe

SPEC = """
name: tiny
input: {channels: 3, time: frames, height: 8, width: 8}
structure: {layers: 1, window: 0, causal: true}
sizes: {frames: 4, classes: 12}
network:
  - conv: {name: stem, channels: 6, kernel: [2, 3, 3], stride: [1, 2, 2], causal: causal}
  - bn: {name: norm}
  - relu: {name: relu}
  - avg_pool: {name: pool, kernel: [1, all, all]}
  - lstm: {name: memory, channels: 8, when: layers > 0}
  - conv: {name: classifier, channels: classes, kernel: ["max(window, 1)", 1, 1], causal: causal, bias: true}
"""
RECIPE = Recipe("own", 0.2, 8, 3, warmup=0, shortest=4, thinning=(0.2,), noise=0.01, hidden_dropout=0.2)


def network(**sets: object) -> Network:
    return Network(from_text(SPEC, "tiny"), sets)


@pytest.fixture(scope="module")
def data() -> Data:
    return open_data("digits:train=24,val=12,length=10", 0)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory, data: Data) -> Path:
    """Weights of the network with an fc head over 4 features."""
    folder = tmp_path_factory.mktemp("fc")
    train(network(layers=0, window=4), data, Recipe("own", 0.1, 8, 1), Options(folder=folder))
    return folder / "weights.safetensors"


def learner(data: Data, backbone: Path | None, folder: Path | None = None, **sets: object) -> FeatureLearner:
    options = Options(features=True, weights=backbone, folder=folder)
    return FeatureLearner(network(**sets).graph(), data, RECIPE, options)


@torch.no_grad()
def test_features_are_those_of_the_whole_video_in_the_clip_network(data: Data, backbone: Path):
    found = learner(data, backbone).stored.validation
    graph = network(layers=0, window=4, frames=10).graph()
    whole = emit(graph).eval()
    load_weights(whole, backbone)
    clips = centre_clips(data.validation, np.arange(12), view_of(graph, 10))
    with whole.recording() as seen:
        whole(as_wide(clips, graph))
    wanted = seen["pool"][0][1].flatten(2).transpose(1, 2).numpy()
    np.testing.assert_allclose(np.stack(found), wanted, rtol=1e-4, atol=1e-5)


def test_the_head_learns_and_the_rest_stays(data: Data, backbone: Path, tmp_path: Path):
    result = train(network(), data, RECIPE, Options(features=True, weights=backbone, folder=tmp_path))
    before, after = emit(network(layers=0, window=4).graph()), result.form.network
    load_weights(before, backbone)
    old, new = before.state_dict(), after.state_dict()
    assert all(torch.equal(old[name], new[name]) for name in new if name.startswith(("stem", "norm")))
    assert result.rows[-1]["train_loss"] < result.rows[0]["train_loss"]
    assert 0 < result.macs < 10**9


def test_the_answer_is_that_of_the_whole_network_to_the_last_frame(data: Data, backbone: Path):
    """Sequences of other lengths in the same batch, and zeros behind, change nothing."""
    made = learner(data, backbone, frames=10)
    made.form.network.eval()
    sequences = [made.stored.validation[0], made.stored.validation[1][:4]]
    with torch.no_grad():
        logits = made._logits(*made._inputs(sequences))
        clips = centre_clips(data.validation, np.arange(2), view_of(made.form.network.graph, 10))
        whole = made.form.network(as_wide(clips, made.form.network.graph))[..., 0, 0]
    torch.testing.assert_close(logits[0], whole[0, :, 9], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(logits[1], whole[1, :, 3], rtol=1e-4, atol=1e-5)


def test_features_are_computed_once(
    data: Data, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first = learner(data, backbone, tmp_path).stored
    monkeypatch.setattr(module, "_of_videos", None)  # computing any would fail
    again = learner(data, backbone, tmp_path, classes=12).stored
    assert all(np.array_equal(one, two) for one, two in zip(first.train, again.train, strict=True))
    monkeypatch.undo()
    (tmp_path / module.FILE).write_bytes(b"cut short")
    anew = learner(data, backbone, tmp_path).stored
    assert np.array_equal(anew.train[3], first.train[3])


class StoppedError(Exception):
    """A training is cut short."""


def stop(row: object) -> None:
    raise StoppedError


def test_a_training_from_features_goes_on_to_the_same_weights(
    data: Data, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    whole = Options(features=True, weights=backbone, folder=tmp_path / "whole")
    cut = Options(features=True, weights=backbone, folder=tmp_path / "cut")
    wanted = train(network(), data, RECIPE, whole).form.network.state_dict()
    monkeypatch.setattr("search.train.loop.SECONDS_BETWEEN_CHECKPOINTS", 0)
    with pytest.raises(StoppedError):
        train(network(), data, RECIPE, cut, stop)
    found = train(network(), data, RECIPE, cut).form.network.state_dict()
    assert all(torch.equal(found[name], value) for name, value in wanted.items())


def test_what_cannot_learn_from_features_is_told(data: Data, backbone: Path):
    with pytest.raises(OptionError, match="--features: needs the weights of the rest"):
        learner(data, None)
    with pytest.raises(DataError, match="expected a head that looks back alone, such as lstm"):
        learner(data, backbone, layers=0, window=3, causal=False)
    with pytest.raises(DataError, match=r"5 tensors of the wrong shape: .* is \(6,.*expected \(5,"):
        FeatureLearner(
            Network(from_text(SPEC.replace("channels: 6", "channels: 5"), "tiny")).graph(),
            data,
            RECIPE,
            Options(features=True, weights=backbone),
        )


def test_the_command_trains_a_head_that_evaluates_and_streams(backbone: Path, tmp_path: Path):
    spec = tmp_path / "tiny.yaml"
    spec.write_text(SPEC)
    data = ["--data", "digits:train=24,val=12,length=10", "--threads", "1"]
    common = ["--epochs", "1", "--recipe", "d3d_rnn", "--out", str(tmp_path)]
    arguments = ["train", str(spec), *data, *common, "--weights", str(backbone), "--features"]
    assert cli.main(arguments) == 0
    weights = str(tmp_path / "weights.safetensors")
    assert cli.main(["evaluate", weights, *data]) == 0
    assert cli.main(["emit", weights, "--continual", "--out", str(tmp_path / "stream.py")]) == 0
    assert cli.main([*arguments, "--freeze"]) == 2
