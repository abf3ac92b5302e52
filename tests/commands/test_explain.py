"""`explain` prints one layer's rules, or every convention on the network, and names a layer it lacks."""

import csv
import io
import json
from pathlib import Path

import pytest

import cli

ROOT = Path(__file__).resolve().parents[2]


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert cli.main(["explain", *arguments]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


def test_a_layer_shows_rule_numbers_facts_and_counts(capsys: pytest.CaptureFixture[str]):
    text = run(capsys, "x3d_m", "conv1_t", "--continual")
    for shown in (
        "(Hedegaard 2022, eq. 1)",
        "k_T * k_H * k_W * c_O * n_H * n_W",
        "5 * 1 * 1 * 24 * 112 * 112",
        "24x4x112x112 = 1204224 floats",
        "what each convention counts, per frame",
    ):
        assert shown in text


def test_json_holds_every_table(capsys: pytest.CaptureFixture[str]):
    found = json.loads(run(capsys, "x3d_m", "fc2", "--format", "json"))
    assert (found["model"], found["mode"], found["layer"], found["op"]) == ("x3d_m", "clip", "fc2", "linear")
    assert found["closed_forms"][0]["value"] == 819_200
    assert found["symbols"]["c_I"] == 2048
    counts = {each["convention"]: each for each in found["conventions"]}
    assert (counts["torch"]["count"], counts["torch"]["unit"]) == (1_638_400, "FLOP")
    assert counts["thop"]["left_out"] == {"bias.linear": 400}


def test_csv_holds_every_row_once(capsys: pytest.CaptureFixture[str]):
    rows = list(csv.DictReader(io.StringIO(run(capsys, "x3d_m", "fc2", "--format", "csv"))))
    assert {row["section"] for row in rows} == {"closed form", "fact", "convention"}
    assert [row["value"] for row in rows if row["name"] == "fvcore"] == ["819200"]
    assert all(float(row["value"]) >= 0 for row in rows if row["value"])
    assert [row["text"] for row in rows if row["name"] == "whole clip"] == ["False"]


def test_without_a_layer_every_convention_counts_the_network(capsys: pytest.CaptureFixture[str]):
    found = json.loads(run(capsys, "x3d", "--variant", "M-pytorchvideo", "--format", "json"))
    counts = {each["convention"]: each["count"] for each in found["conventions"]}
    assert (counts["fvcore"], counts["thop"]) == (4_896_243_200, 5_060_020_095)
    assert {each["kind"] for each in found["kinds"]} >= {"mac.conv", "norm", "activation.softmax"}


def test_an_unknown_layer_is_one_line_with_the_nearest(capsys: pytest.CaptureFixture[str]):
    error = run(capsys, "x3d_m", "pool6", code=2)
    assert error == "error: x3d_m: no layer 'pool6' (did you mean 'pool5'?)\n"
    error = run(capsys, "x3d_m", "zzz", code=2)
    assert error == "error: x3d_m: no layer 'zzz' (analyze lists them)\n"


def test_an_unknown_convention_of_analyze_is_one_line(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["analyze", "x3d_m", "--convention", "flops"]) == 2
    known = "mac, torch, fvcore, ptflops, ptflops-aten, thop, torchinfo, co3d, efficient3d, d3d, atfr"
    assert capsys.readouterr().err == f"error: --convention: unknown 'flops', expected one of {known}\n"


@pytest.mark.parametrize(
    "arguments", [["x3d_m"], ["x3d", "--variant", "M-pytorchvideo"], ["x3d_m", "--continual"]]
)
def test_the_documented_tables_are_what_the_command_prints(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
):
    conventions, _, _ = run(capsys, *arguments, "--format", "md").partition("\n\n")
    assert conventions in (ROOT / "docs/conventions.md").read_text()
