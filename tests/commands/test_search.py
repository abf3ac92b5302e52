"""`search` prints the trajectory and draws it."""

import json
from pathlib import Path

import pytest
from studies import make_study

import cli


def test_the_command_prints_the_trajectory_and_draws_it(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_study()
    told = capsys.readouterr()
    assert "the winner: costmodel emit" in told.out
    assert "1 MAC = 2 FLOPs here" in told.err
    assert (tmp_path / "out" / "trajectory.png").stat().st_size > 10_000
    assert "<svg" in (tmp_path / "out" / "trajectory.svg").read_text()


@pytest.mark.slow
def test_movinet_is_searched_by_training_along_every_kind_of_axis(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    sizes = ("--set", "frames=8", "--set", "crop=40", "--factor", "1.1", "--budget", "macs_per_frame<=1.1x")
    training = ("data=digits:train=16,val=8", "recipe=digits", "epochs=1")
    options = [word for text in training for word in ("--with", text)]
    axes = ("--axes", "Frames,Width6,Depth5,Time4,Space3", "--keep", "none", "--workers", "1")
    arguments = ("search", "movinet", *sizes, *axes, "--score", "train", *options, "--study", "m.db")
    assert cli.main([*arguments, "--format", "json"]) == 0
    decisions = json.loads(capsys.readouterr().out)
    assert "Width6" in json.dumps(decisions)


def test_options_of_a_preset_reach_the_search(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text("budget: macs_per_clip<=2x\nscore: entropy\nlimit: [params<=1]\n")
    assert cli.main(["search", "digits", "--preset", "own.yaml", "--study", "s.db"]) == 2
    assert "outside params<=1" in capsys.readouterr().err
