"""`list` names what command lines take: what it prints can be pasted, and nothing is missing."""

import json
import subprocess
import sys

import pytest

import cli
from commands.list import known
from costmodel.analysis.conventions import CONVENTIONS
from costmodel.analysis.metrics import METRICS
from costmodel.transforms import TRANSFORMS
from search.score.base import SCORES


def test_all_registries_are_listed():
    names = {row["name"] for row in known()}
    assert names >= {*METRICS, *CONVENTIONS, *SCORES, *(f"--{word}" for word in TRANSFORMS)}
    assert all(row["about"] for row in known())


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("x3d_m", ["x3d_m"]),
        ("stream-plain", [f"movinet --variant A{size}-stream-plain" for size in range(3)]),
        ("score", ["train", "synflow"]),
        ("contin", ["--continual"]),
    ],
)
def test_a_pattern_is_part_of_a_name_or_a_kind(pattern: str, expected: list[str], capsys):
    assert cli.main(["list", pattern, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert sorted(row["name"] for row in rows) == sorted(expected)


def test_networks_stand_with_their_figures(capsys):
    assert cli.main(["list", "x3d_m", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert (row["kind"], row["about"], row["macs_per_frame"]) == ("spec", "x3d, variant M", 297_525_776)
    assert cli.main(["list", "x3d_m"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.endswith("x3d_m 3.79 M 298 M 5.28 M 43 / 215 / 7.167 x3d, variant M")


def test_a_list_loads_no_torch():
    """It has to answer while one waits for the next word; a score's file is read, not imported."""
    script = "import sys, cli; cli.main(['list', 'score'])\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
    assert "Trains each candidate from random weights." in done.stdout


def test_a_pattern_that_nothing_holds_is_one_line(capsys):
    assert cli.main(["list", "x4d"]) == 2
    kinds = "spec, transform, metric, convention, score, recipe, preset"
    assert capsys.readouterr().err == (
        f"error: list: no name holds 'x4d'; expected part of a name, or a kind: {kinds}\n"
    )
