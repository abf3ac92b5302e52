"""`list` names what command lines take: what it prints can be pasted, and nothing is missing."""

import json

import pytest

import cli
from commands.list import known
from costmodel.analysis.conventions import CONVENTIONS
from costmodel.analysis.metrics import METRICS
from costmodel.spec import shipped_names
from costmodel.transforms import TRANSFORMS
from search.score.base import SCORES


def test_all_registries_are_listed():
    names = {row["name"] for row in known()}
    assert names >= {*shipped_names(), *METRICS, *CONVENTIONS, *SCORES, *(f"--{word}" for word in TRANSFORMS)}
    assert all(row["about"] for row in known())


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("x3d_m", [{"kind": "spec", "name": "x3d_m", "about": "x3d, variant M", "takes": ""}]),
        ("score", ["train", "synflow"]),
        ("contin", ["--continual"]),
    ],
)
def test_a_pattern_is_part_of_a_name_or_a_kind(pattern: str, expected: list[object], capsys):
    assert cli.main(["list", pattern, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    found = rows if isinstance(expected[0], dict) else [row["name"] for row in rows]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_a_pattern_that_nothing_holds_is_one_line(capsys):
    assert cli.main(["list", "x4d"]) == 2
    kinds = "spec, transform, metric, convention, score, recipe, preset"
    assert capsys.readouterr().err == (
        f"error: list: no name holds 'x4d'; expected part of a name, or a kind: {kinds}\n"
    )
