"""Presets supply options that are not given, each within its range."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from commands.searching import setup
from commands.source import Source
from costmodel.errors import CostModelError, SpecError
from costmodel.transforms.continual import Continual
from search.problem.preset import filled, load_preset, preset_names


@pytest.mark.parametrize("name", preset_names())
def test_every_shipped_preset_loads(name: str):
    assert load_preset(name)


def test_what_is_given_stands_before_the_preset(tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text("budget: macs_per_clip<=4x\nworkers: 2\n")
    assert filled({"budget": "params<=1", "workers": None}, str(path)) == {
        "budget": "params<=1",
        "workers": 2,
    }


def test_of_what_has_a_name_a_preset_supplies_each_that_is_not_given(tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text("with: [epochs=2, data=digits]\nlimit: [params<=1]\n")
    given = {"with": ("device=cuda", "epochs=3"), "limit": ("depth<=9",)}
    expected = {"with": ["data=digits", "device=cuda", "epochs=3"], "limit": ("depth<=9",)}
    assert filled(given, str(path)) == expected


@pytest.mark.parametrize("empty", [(), []])
def test_a_preset_supplies_lists_where_none_is_given_and_zero_is_given(tmp_path: Path, empty: Sequence[str]):
    path = tmp_path / "own.yaml"
    path.write_text("with: [epochs=2]\nretries: 3\n")
    assert filled({"with": empty, "retries": 0}, str(path)) == {"with": ["epochs=2"], "retries": 0}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("workers: 1e9", ":1: workers: the number 1000000000, expected a number from 1 to 1024"),
        ("retries: 1.5", ":1: retries: the number 1.5, expected a whole number"),
        ("factor: 1", ":1: factor: the number 1, expected a number above 1 to 1000"),
        ("budget: [a]", ":1: budget: a list, expected text"),
        ("with: [{a: 1}]", ":1: with[0]: a mapping, expected text"),
        ("score: ~", ":1: score: nothing, expected text"),
        ("continual: 1", ":1: continual: the number 1, expected true or false"),
        ("budgets: a", ":1: budgets: unknown option (did you mean 'budget'?)"),
        ("[a]", ":1: a list, expected options of a search"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, found: str):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as error:
        load_preset(str(path))
    assert str(error.value) == f"{path}{found}"


def test_a_pipe_is_refused_before_anything_waits_for_it(tmp_path: Path):
    os.mkfifo(tmp_path / "own.yaml")
    with pytest.raises(SpecError, match=r"own\.yaml: cannot be read: is a named pipe, expected a file$"):
        load_preset(str(tmp_path / "own.yaml"))


def test_a_preset_may_have_any_transforms(tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text("transforms: --causal --continual --pool 64\nbudget: macs_per_frame<=2x\n")
    given = {"budget": None, "score": "entropy", "with": [], "workers": None}
    made = setup(Source.of("x3d", "X2D"), given, str(path), tmp_path / "s.db").network
    assert [each.flags for each in made.transforms] == ["--causal", "--continual --pool 64"]
    asked = Source.of("x3d", "X2D", transforms=[Continual()])
    made = setup(asked, given, str(path), tmp_path / "s.db").network
    assert [each.flags for each in made.transforms] == ["--continual"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("--sideways", "--preset: transforms: No such option: --sideways"),
        ("--pool 3", "--preset: transforms: --pool: is for streams; add --continual"),
        ("causal", "--preset: transforms: Got unexpected extra argument(s) (causal)"),
        ("--causal '", '--preset: transforms: "--causal \'": no closing quotation'),
    ],
)
def test_transforms_that_there_are_not_are_named(tmp_path: Path, text: str, found: str):
    path = tmp_path / "own.yaml"
    path.write_text(f"transforms: {text}\nbudget: macs_per_clip<=2x\n")
    given = {"budget": None, "score": "entropy", "with": [], "workers": None}
    with pytest.raises(CostModelError) as error:
        setup(Source.of("x3d", "X2D"), given, str(path), None)
    assert str(error.value).startswith(found)
