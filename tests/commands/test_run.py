"""Whatever a command line says ends in an exit code and whole lines."""

from pathlib import Path

import pytest

import cli


def test_an_unknown_command_names_itself(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["analyse", "x3d_m"]) == 2
    assert capsys.readouterr().err == "error: unknown command 'analyse' (did you mean 'analyze'?)\n"


def test_several_mistakes_are_several_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    spec = tmp_path / "wrong\nname.yaml"
    spec.write_text("input: {channels: 0, time: 4, height: 8, width: 8}\nnetwork: [rleu, {cnv: {}}]\n")
    assert cli.main(["analyze", str(spec)]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert [line.split(": ")[2] for line in err.splitlines()] == [
        "input.channels",
        "network[0].rleu",
        "network[1].cnv",
    ]
