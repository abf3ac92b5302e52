"""Every command that prints figures prints them in every format; none asks which it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import cli
from commands.command import Command
from commands.index import COMMANDS
from commands.run import command
from reports.table import FORMATS

ENDLESS = {"stream"}  # a line for each answer for as long as it runs, and no table
ROOT = Path(__file__).resolve().parents[2]
SMALL = {
    "analyze": "x2d --continual",
    "explain": "x2d conv1_s",
    "formula": "x2d --free frames --metrics params",
    "sweep": "x2d --grid frames=4,5 --metrics params",
    "reproduce": "--table atfr:10",
    "solve": "x2d --maximize=-params --over frames=1:3 --over crop=112 --over gamma_d=1 --over gamma_w=1",
    "validate": "--random 1 --seed 3",
}


def with_format() -> list[str]:
    found = {name: command(name) for name in COMMANDS}
    plain = {name: each for name, each in found.items() if isinstance(each, Command)}
    return [name for name, each in plain.items() if any(option.name == "format" for option in each.options)]


def test_every_command_with_figures_has_every_format():
    for name in set(with_format()) - ENDLESS:
        (option,) = (each for each in command(name).options if each.name == "format")
        assert set(FORMATS) <= set(option.choices)


def test_no_command_asks_which_format_it_is():
    texts = [path.read_text() for path in (ROOT / "commands").glob("*.py")]
    assert [
        line
        for text in texts
        for line in re.findall(r"match format|\b(?:if|and|or|not) format (?:==|!=|is) ", text)
    ] == []


@pytest.mark.parametrize("name", SMALL)
def test_standard_output_holds_the_figures_and_nothing_else(name: str, capsys: pytest.CaptureFixture[str]):
    for format in FORMATS:
        assert cli.main([name, *SMALL[name].split(), "--format", format]) == 0
        told = capsys.readouterr().out
        if format == "json":
            json.loads(told)
        if format == "latex":
            assert told.count(r"\begin{") == told.count(r"\end{") > 0
