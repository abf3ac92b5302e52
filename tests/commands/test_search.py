"""`search` prints the trajectory and draws it."""

from pathlib import Path

from studies import make_study


def test_the_command_prints_the_trajectory_and_draws_it(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_study()
    told = capsys.readouterr()
    assert "the winner: costmodel emit" in told.out
    assert "1 MAC = 2 FLOPs here" in told.err
    assert (tmp_path / "out" / "trajectory.png").stat().st_size > 10_000
    assert "<svg" in (tmp_path / "out" / "trajectory.svg").read_text()
