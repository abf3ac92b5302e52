"""A head that learns by itself from stored features: it alone changes, and answers as in its network."""

from pathlib import Path

import numpy as np
import pytest
import torch
from heads import RECIPE, SPEC, learner, network

from costmodel.emit import emit
from costmodel.errors import DataError, OptionError
from costmodel.network import Network
from costmodel.spec.document import from_text
from search.data import Data
from search.data.views import centre_clips
from search.train.checkpoint import load_weights
from search.train.feature_learner import FeatureLearner
from search.train.fit import as_wide, view_of
from search.train.loop import train
from search.train.options import Options


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
