"""Whoever reads a study of an older format is told so, beside what was asked for."""

from pathlib import Path

import pytest
from studies import as_format_1, make_study

import cli

TOLD = "note: s.db is a study of format 1, which is only read; searches write format 2\n"


@pytest.fixture(autouse=True)
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    make_study()
    capsys.readouterr()


@pytest.mark.parametrize(
    "command",
    [
        ["study", "show", "s.db"],
        ["study", "show", "s.db", "--format", "json"],
        ["study", "list", "s.db"],
        ["study", "why", "s.db", "0"],
        ["study", "export", "s.db", "--out", "out.json"],
        ["study", "agreement", "s.db", "--trained", "entropy", "--score", "params"],
        ["report", "study", "s.db"],
    ],
    ids=" ".join,
)
def test_a_study_of_format_1_says_so_on_standard_error(command: list[str], capsys):
    assert cli.main(command) == 0
    now = capsys.readouterr()
    as_format_1(Path("s.db"))
    assert cli.main(command) == 0
    before = capsys.readouterr()
    assert (now.err, before.err) == ("", TOLD)
    assert before.out.replace('"stream": null', '"transforms": []') == now.out


def test_agreement_is_refused_where_format_1_does_not_say_which_networks_are_clips(capsys):
    make_study("--continual")
    as_format_1(Path("s.db"))
    capsys.readouterr()
    assert cli.main(["study", "agreement", "s.db", "--trained", "entropy"]) == 2
    refused = "error: s.db: format 1 does not say which networks are clip networks\n"
    assert capsys.readouterr().err == TOLD + refused
