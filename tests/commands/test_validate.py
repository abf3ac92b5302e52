"""`validate` prints every check and answers by its exit code."""

import json
from pathlib import Path

import own_modules
import pytest

from cli import main
from costmodel.ops import (
    Step,
)


def test_the_command_prints_every_check_and_answers_yes(capsys: pytest.CaptureFixture[str]):
    assert main(["validate", "--random", "1", "--seed", "4", "--format", "json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert {"what", "predicted", "measured", "holds"} <= checks[0].keys()
    assert all(check["holds"] for check in checks)


def test_times_are_told_in_seconds_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    spec = tmp_path / "small.yaml"
    spec.write_text(
        "input: {channels: 1, time: 4, height: 4, width: 4, every: 6}\n"
        "network: [conv: {channels: 2, kernel: 3}, global_pool, linear: {channels: 2}]\n"
    )
    assert main(["validate", str(spec), "--continual"]) == 0
    assert "\nlookahead 1 frames: 6 camera frames, 0.2 s at 30 fps\n" in capsys.readouterr().out


def test_the_command_answers_no_where_a_figure_differs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(Step, "weights", lambda op, x: {})
    assert main(["validate", "--random", "1", "--seed", "4"]) == 1
    shown = capsys.readouterr()
    assert "params" in shown.out
    assert "validate --random 1 --seed 4 repeats it" in shown.err
    # The smallest networks that fail alike, to be kept as files.
    specs = shown.out.split("\n# params")[1:]
    assert specs
    assert all("# validate this file --" in each and "\nnetwork:\n  - " in each for each in specs)


def test_what_nothing_measures_is_told_and_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "small.yaml").write_text(
        "input: {channels: 1, time: 2, height: 2, width: 2}\nnetwork: [conv: {channels: 2}, global_pool]\n"
    )
    assert main(["validate", str(tmp_path / "small.yaml"), "--format", "json"]) == 0
    left = {each["what"]: each["reason"] for each in json.loads(capsys.readouterr().out)["not_measured"]}
    assert {"depth", "entropy", "lookahead"} <= left.keys()
    main(["validate", str(tmp_path / "small.yaml"), "--continual"])
    shown = capsys.readouterr().out
    assert f"not measured: entropy: {left['entropy']}" in shown.replace("\n", " ")
    assert "not measured: lookahead" not in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "SPEC: expected one, or --random N and no SPEC"),
        (["x3d_m", "--random", "2"], "SPEC: expected one, or --random N and no SPEC"),
        (["--random", "2", "--variant", "M"], "is for a SPEC; name one"),
        (["x3d_m", "--state", "window"], "is for streams; add --continual"),
        (["--random", "0"], "--random: 0, expected a whole number, 1 or more"),
        (["--random", "2", "--seed", "many"], "--seed: 'many', expected a whole number, 0 or more"),
    ],
)
def test_the_command_names_what_was_wrong(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["validate", *arguments]) == 2
    assert message in capsys.readouterr().err


FACTORY = f"{own_modules.__file__}:Causal"


def test_a_stream_is_held_against_the_module_it_was_read_from(tmp_path: Path, capsys):
    spec, weights = str(tmp_path / "net.yaml"), str(tmp_path / "net.safetensors")
    assert main(["import", FACTORY, "--input", "1x3x4x8x8", "--out", spec, "--weights", weights]) == 0
    capsys.readouterr()
    given = ["validate", spec, "--weights", weights, "--against", FACTORY, "--continual"]
    assert main([*given, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["checks"]
    assert [row["holds"] for row in rows] == [True] * 4
    assert rows[2]["what"] == "stream_features_equal_the_module"
    assert main([*given, "--pool", "8"]) == 1  # what is not measured does not hold
    assert "4 checks, 0 differ, 1 not measured" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--random", "2"], "--against: is for a SPEC; name one"),
        (["digits", "--causal"], "--against: is for the network itself and its stream; leave out --causal"),
        (["digits"], "--against: needs the module's weights, --weights FILE as `import` writes it"),
    ],
)
def test_what_cannot_be_held_against_a_module_is_told(given: list[str], message: str, capsys):
    assert main(["validate", *given, "--against", FACTORY]) == 2
    assert capsys.readouterr().err == f"error: {message}\n"
