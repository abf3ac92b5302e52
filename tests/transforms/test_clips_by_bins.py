"""Distributions of clips over active bins, as text and as a file."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from commands.transforms import transforms_of
from costmodel.errors import OptionError
from costmodel.transforms.clips_by_bins import distribution_of_file, shares_of


def test_shares_are_those_of_the_clips():
    assert shares_of("4=3,2=1") == {2: Fraction(1, 4), 4: Fraction(3, 4)}
    assert shares_of("uniform:2:3") == {2: Fraction(1, 2), 3: Fraction(1, 2)}
    with pytest.raises(OptionError, match=r"--active-bins: '2=0', expected clips by their active bins, such"):
        shares_of("2=0")


def test_a_file_of_an_evaluation_stands_for_its_clips(tmp_path: Path):
    path = tmp_path / "active_bins.json"
    path.write_text(json.dumps({"samplers": ["a"], "clips": {"a": {"2": 1, "4": 3}}}))
    (made,) = transforms_of(f"--sgs res2 --active-bins {path}")
    assert made.flags == "--sgs res2 --active-bins 2=1,4=3"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no such file; expected what evaluate wrote"),
        ("[]", "is no active_bins.json, as evaluate writes it"),
        ('{"clips": {"a": {"2": "many"}}}', "is no active_bins.json, as evaluate writes it"),
        ('{"clips": {"a": {"2": 1}, "b": {"2": 1}}}', "holds clips of 2 samplers, expected one"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, text: str | None, message: str):
    path = tmp_path / "a.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(OptionError) as error:
        distribution_of_file(path)
    assert message in str(error.value)
