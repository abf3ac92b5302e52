"""`train` writes what it learned, and says what is missing before it begins."""

import sys
from pathlib import Path

import pytest

import cli

SMALL = ("--data", "digits:train=24,val=12", "--recipe", "digits", "--epochs", "1", "--device", "cpu")


def test_tensorboard_where_it_is_not_installed_is_told_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    code = cli.main(["train", "digits", *SMALL, "--out", str(tmp_path / "run"), "--tensorboard"])
    assert code == 2
    assert "pip install 'costmodel[tensorboard]'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_run_leaves_weights_metrics_and_a_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["train", "digits", *SMALL, "--out", str(tmp_path / "run")]) == 0
    assert "accuracy" in capsys.readouterr().out
    assert {file.name for file in (tmp_path / "run").iterdir()} == {
        "checkpoint.pt",
        "metrics.csv",
        "weights.safetensors",
    }


@pytest.mark.parametrize(("batch", "is_told"), [("25", True), ("24", False)])
def test_data_of_fewer_clips_than_a_batch_is_told(tmp_path: Path, capsys, batch: str, is_told: bool):
    command = [
        "train",
        "digits",
        *SMALL,
        "--batch",
        batch,
        "--epochs",
        "0.001",
        "--out",
        str(tmp_path / "run"),
    ]
    assert cli.main(command) == 0
    told = "note: fewer clips than a batch: an epoch is one step on 24, at the rate for 25\n"
    assert (told in capsys.readouterr().err) == is_told


def test_a_training_that_does_not_fit_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("costmodel.free_memory.free_bytes", lambda: 863 * 2**19)
    assert cli.main(["train", "digits", *SMALL, "--out", str(tmp_path / "run")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: digits: training on 24 clips at once needs 0.")
    assert " GiB, 0.4 GiB are free; --batch " in line
    assert not (tmp_path / "run").exists()
