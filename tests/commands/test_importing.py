"""`import` writes a spec and weights that every other command reads, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import own_modules
import pytest

from cli import main

FILE = own_modules.__file__
SIZES = ["--input", "1x3x4x8x8"]


def test_a_network_of_one_s_own_is_analysed_and_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    spec, weights = tmp_path / "net.yaml", tmp_path / "net.safetensors"
    given = [f"{FILE}:Residual", *SIZES, "--out", str(spec), "--weights", str(weights), "--format", "json"]
    assert main(["import", *given, "--args", '{"classes": 7}']) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["params"], told["unknown"], told["difference"] < 1e-6) == (2611, [], True)
    assert main(["analyze", str(spec), "--continual", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["params"] == 2611
    assert main(["emit", str(weights), "--out", str(tmp_path / "net.py")]) == 0


def test_an_imported_network_has_sizes_and_a_width(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    spec, flat = tmp_path / "net.yaml", tmp_path / "flat.yaml"
    given = ["import", f"{FILE}:Residual", *SIZES, "--out"]
    assert main([*given, str(spec), "--free", "width"]) == 0
    assert main([*given, str(flat), "--flat"]) == 0
    assert ("sizes" in spec.read_text(), "sizes" in flat.read_text()) == (True, False)
    capsys.readouterr()
    wide = ["--grid", "width=1,2", "--grid", "classes=4,7", "--metrics", "params", "--format", "json"]
    assert main(["sweep", str(spec), *wide]) == 0
    params = [each["params"] for each in json.loads(capsys.readouterr().out)["rows"]]
    assert (params[0], len(set(params))) == (2584, 4)
    assert main(["validate", str(spec), "--set", "width=2", "--set", "frames=5", "--set", "classes=3"]) == 0
    assert main(["formula", str(spec), "--free", "width,classes", "--metrics", "params"]) == 0


def test_what_cannot_be_read_is_listed_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    given = [f"{FILE}:Strange", *SIZES, "--out", str(tmp_path / "net.yaml"), "--format", "json"]
    assert main(["import", *given]) == 2
    told = capsys.readouterr()
    assert [each["op"] for each in json.loads(told.out)["unknown"]] == ["sin", "logcumsumexp"]
    assert told.err.count("error: ") == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--input", "1x3x4"], "error: --input: 3 sizes, expected 5: batch, channels, time, height, width\n"),
        (["--input", "1,3"], "error: --input: '1,3', expected sizes such as 1x3x16x112x112\n"),
        (
            [*SIZES, "--weights", "net.pt"],
            "error: --weights: net.pt, expected a name that ends in .safetensors\n",
        ),
        ([*SIZES, "--free", "depth"], "error: --free: 'depth', expected width\n"),
        (
            [*SIZES, "--free", "width", "--flat"],
            "error: --free width: a flat spec has no sizes; leave --flat out\n",
        ),
    ],
)
def test_wrong_options_are_one_line(
    options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["import", f"{FILE}:Causal", *options, "--out", str(tmp_path / "net.yaml")]) == 2
    assert capsys.readouterr().err == told
