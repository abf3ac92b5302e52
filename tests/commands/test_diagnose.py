"""The diagnosis on a terminal, as JSON, and the repaired spec as a file."""

import json
from pathlib import Path

import pytest

import cli


def test_it_says_the_class_the_obstacles_and_the_repairs(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["diagnose", "slowfast", "--variant", "8x8-R101-NL"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("slowfast 8x8-R101-NL: X, has no stream")
    assert "refused  slow_res4.6.non_local.attention.attention and 2 more" in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_json_holds_what_a_program_needs(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["diagnose", "x3d_s", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["class"] == "E2"
    assert {each["effect"] for each in found["obstacles"]} == {"differs", "price"}
    first = found["repairs"][0]
    assert (first["repair"], first["changes"], first["weights"]) == (1, [], "exact")
    assert isinstance(first["macs_per_frame"], int)


def test_times_follow_the_rate_of_the_camera(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["diagnose", "x3d_m", "--fps", "10"]) == 0
    printed = capsys.readouterr()
    assert "delay 43 (86 camera" in printed.out
    assert "every second frame is taken, 5 a second" in printed.err
    assert cli.main(["diagnose", "x3d_m", "--fps", "10", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["repairs"][0]["delay_seconds"] == 8.6


@pytest.mark.parametrize("format", ["csv", "md", "latex"])
def test_other_formats_have_a_row_for_each_repair(format: str, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["diagnose", "mobilenet_v2_3d", "--format", format]) == 0
    assert "dissect" in capsys.readouterr().out


def test_a_repair_is_written_and_streams(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "fixed.yaml"
    arguments = ["diagnose", "slowfast", "--variant", "8x8-R101-NL", "--repair", "1", "--out", str(out)]
    assert cli.main(arguments) == 0
    capsys.readouterr()
    assert cli.main(["analyze", str(out), "--continual", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["lookahead"] == 47


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--repair", "1"], "error: --repair: is written to --out; give both, or neither\n"),
        (["--out", "x.yaml"], "error: --repair: is written to --out; give both, or neither\n"),
        (["--repair", "99", "--out", "x.yaml"], "error: --repair: 99, expected 1 to 4\n"),
    ],
)
def test_what_is_asked_for_wrongly(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["diagnose", "mobilenet_v2_3d", *arguments]) == 2
    assert capsys.readouterr().err == message


def test_a_refused_stream_names_the_diagnosis(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["analyze", "slowfast", "--variant", "8x8-R101-NL", "--causal", "--continual"]) == 2
    assert capsys.readouterr().err.count("costmodel diagnose") == 0  # it is --causal that refuses here
    assert cli.main(["analyze", "slowfast", "--variant", "8x8-R101-NL", "--continual"]) == 2
    assert capsys.readouterr().err.endswith("repairs: costmodel diagnose slowfast --variant 8x8-R101-NL\n")
