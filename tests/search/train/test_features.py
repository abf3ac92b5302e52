"""Heads that learn from stored features of the rest of their network."""

from pathlib import Path

import numpy as np
import pytest
import torch
from heads import SPEC, learner, network

import cli
from costmodel.emit import emit
from search.data import Data
from search.data.views import centre_clips
from search.train import features as module
from search.train.checkpoint import load_weights
from search.train.fit import as_wide, view_of


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
