"""The chain on files: digits written, shown, trained on and evaluated, with what is left out named."""

import json
from pathlib import Path

import pytest
from tiny_network import SPEC

import cli


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = cli.main([str(each) for each in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_whole_chain_runs_on_files(tmp_path: Path, capsys):
    digits, spec, run = tmp_path / "digits", tmp_path / "tiny.yaml", tmp_path / "run"
    spec.write_text(SPEC)
    options = ("--videos", 60, "--length", 12, "--format", "json")
    code, out, _ = command(capsys, "data", "moving-digits", "--out", digits, *options)
    assert (code, [row["videos"] for row in json.loads(out)["rows"]]) == (0, [48, 12])
    (digits / "train" / "broken.mp4").write_text("broken")
    (digits / "train" / "notes.txt").touch()
    code, out, err = command(capsys, "data", "show", digits, "--format", "json")
    assert json.loads(out)["rows"][0]["kinds"] == "video"
    assert json.loads(out)["left_out"]["no clip and no label"] == ["train/notes.txt"]
    assert "1 file is no clip that is read, and left out: train/notes.txt" in err
    common = ("--data", f"{digits}:workers=0", "--device", "cpu", "--threads", 1, "--format", "json")
    code, out, err = command(
        capsys, "train", spec, *common, "--recipe", "digits", "--epochs", 1, "--out", run
    )
    assert code == 0
    assert "of the time of training was spent waiting for clips" in err
    code, out, err = command(capsys, "evaluate", run / "weights.safetensors", *common, "--views", "2x3")
    assert (code, json.loads(out)["videos"]) == (0, 12)
    code, out, err = command(
        capsys, "evaluate", run / "weights.safetensors", *common, "--stepwise", "--out", run
    )
    assert code == 0
    assert "videos are shorter than" in err


def test_too_few_videos_are_refused(tmp_path: Path, capsys):
    code, _, err = command(capsys, "data", "moving-digits", "--out", tmp_path, "--videos", 12)
    assert (code, err) == (
        2,
        "error: --videos: 12, expected 60 or more: twelve classes, a fifth to validate with\n",
    )
