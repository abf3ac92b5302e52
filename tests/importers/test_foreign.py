"""Calls that are not known: declared in a file, or left open, where the rest is analysed and says so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cli import main

MODULE = """
import torch
from torch import library, nn

if not hasattr(torch.ops.costmodel_test, "blur"):
    library.define("costmodel_test::blur", "(Tensor x, Tensor w) -> Tensor")
    library.register_fake("costmodel_test::blur", lambda x, w: torch.empty_like(x))


class Blurred(nn.Module):
    def __init__(self):
        super().__init__()
        self.point, self.head, self.w = nn.Conv3d(3, 8, 1), nn.Linear(8, 4), nn.Parameter(torch.ones(8))

    def forward(self, x):
        x = torch.ops.costmodel_test.blur(torch.sin(self.point(x)), self.w)
        return self.head(x.mean((2, 3, 4)))


class Rolled(Blurred):
    def forward(self, x):
        return self.head(torch.einsum("ncthw->nct", self.point(x)).cumsum(2).amax(2))
"""
OWN = """
costmodel_test.blur: {macs: 9 * channels * time * height * width, params: channels, frames: 1}
sin: {frames: 1}
"""
SIZES = ["--input", "1x3x4x6x6", "--format", "json"]
Told = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(MODULE)
    (tmp_path / "own.yaml").write_text(OWN)
    return tmp_path


def imported(folder: Path, name: str, *options: str) -> int:
    return main(
        ["import", f"{folder / 'net.py'}:{name}", *SIZES, "--out", str(folder / "out.yaml"), *options]
    )


def analysed(folder: Path, capsys: Told, *options: str) -> dict[str, object]:
    capsys.readouterr()
    assert main(["analyze", str(folder / "out.yaml"), "--format", "json", *options]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_what_is_not_known_is_left_open_and_said(folder: Path, capsys: Told):
    assert imported(folder, "Blurred", "--partial") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["partial"], [each["op"] for each in told["unknown"]]) == (
        True,
        ["sin", "costmodel_test.blur"],
    )
    assert told["unknown"][0]["line"] == 16
    found = analysed(folder, capsys)
    assert (found["partial"], found["missing"]) == (True, ["sin", "blur"])
    assert found["totals"]["params"] == 3 * 8 + 8 + 8 + 36  # type: ignore[index]


SIZED = """
name: open
input: {channels: 3, time: frames, height: 6, width: 6}
sizes: {frames: 4}
network:
  - conv: {channels: 8, kernel: 3}
  - foreign: {name: sin, channels: 8, height: 6, width: 6, frames: 0, is_known: false}
  - global_pool
"""


@pytest.mark.parametrize(
    "command",
    [
        ["analyze"],
        ["explain"],
        ["explain", "sin"],
        ["diagnose"],
        ["formula", "--free", "frames"],
        ["sweep", "--grid", "frames=4,8"],
        ["solve", "--over", "frames=4,8", "--maximize", "params"],
        ["check", "--assert", "params<=1k"],
    ],
)
def test_every_command_with_totals_says_what_they_leave_out(command: list[str], tmp_path: Path, capsys: Told):
    (tmp_path / "net.yaml").write_text(SIZED)
    name, *options = command
    assert main([name, str(tmp_path / "net.yaml"), *options]) == 0
    text = capsys.readouterr()
    assert "note: partial: nothing is known of sin but its shape" in text.out + text.err
    assert main([name, str(tmp_path / "net.yaml"), *options, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["partial"], told["missing"]) == (True, ["sin"])


def test_what_is_not_known_is_neither_measured_nor_left_out(tmp_path: Path, capsys: Told):
    (tmp_path / "net.yaml").write_text(SIZED)
    assert main(["validate", str(tmp_path / "net.yaml")]) == 1
    assert re.search(r"^(\d+) checks, 0 differ, \1 not measured$", capsys.readouterr().out, re.MULTILINE)
    assert main(["diagnose", str(tmp_path / "net.yaml"), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["class"], told["repairs"]) == ("?", [])


def test_nothing_of_it_is_streamed_or_written(folder: Path, capsys: Told):
    assert imported(folder, "Blurred", "--partial") == 0
    capsys.readouterr()
    for command in (["analyze", "--continual"], ["emit", "--out", str(folder / "out.py")]):
        assert main([command[0], str(folder / "out.yaml"), *command[1:]]) == 2
        assert capsys.readouterr().err.count("error: ") == 1
    assert not (folder / "out.py").exists()


def test_a_declared_call_costs_what_its_file_says(folder: Path, capsys: Told):
    assert imported(folder, "Blurred", "--ops", str(folder / "own.yaml")) == 0
    clip, stream = analysed(folder, capsys), analysed(folder, capsys, "--continual")
    assert clip["partial"] is False
    assert clip["totals"]["macs_per_clip"] == 4 * 36 * (24 + 72) + 32  # type: ignore[index]
    assert stream["totals"]["macs_per_frame"] == 36 * (24 + 72) + 32  # type: ignore[index]


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ("sin: {chanels: 3}", "unknown key (did you mean 'channels'"),
        ("sin: {macs: depth}", "unknown name 'depth'"),
        ("sin: {macs: channels / 3}", "channels / 3 = 8/3, expected a whole number from 0 on"),
        ("sin: {height: 3}", "is declared to answer 8x4x3x6, and the network has 8x4x6x6 there"),
        ("sin: {frames: 1, macs: 7}", "sees one frame, and answers 4 of 4 with 7 multiply-adds"),
        ("sin: 3", "the number 3, expected a mapping of channels"),
        ("[]", "a list, expected calls by name"),
    ],
)
def test_a_wrong_declaration_is_one_line(declared: str, told: str, folder: Path, capsys: Told):
    (folder / "own.yaml").write_text(f"{declared}\n")
    assert imported(folder, "Blurred", "--partial", "--ops", str(folder / "own.yaml")) == 2
    found = capsys.readouterr().err
    assert told in found
    assert found.count("\n") == 1
    assert not (folder / "out.yaml").exists()


def test_weights_of_what_cannot_be_run_are_refused(folder: Path, capsys: Told):
    weights = ["--weights", str(folder / "out.safetensors")]
    assert imported(folder, "Blurred", "--partial", *weights) == 2
    assert "--weights: no layer runs what stands at sin, blur" in capsys.readouterr().err
    assert not (folder / "out.yaml").exists()


def test_an_answer_without_a_place_for_each_axis_ends_the_import(folder: Path, capsys: Told):
    assert imported(folder, "Rolled", "--partial") == 2
    assert "and nothing tells which axes it answers" in capsys.readouterr().err
