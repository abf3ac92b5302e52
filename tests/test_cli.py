"""The command line as a whole: help that fits a terminal, and commands that are not there."""

import inspect
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from commands.checkpoint import READING
from commands.command import Command
from commands.help_page import reflowed
from commands.index import COMMANDS, SECTIONS
from commands.own_module import OPTIONS as OWN_MODULE
from commands.parser import parse
from commands.run import command

ROOT = Path(__file__).resolve().parents[1]
EVERY = {
    " ".join((name, *inner)): found
    for name in COMMANDS
    for inner, found in (
        [((), command(name))]
        if isinstance(command(name), Command)
        else [((word,), each) for word, each in command(name).commands.items()]
    )
}


def test_paragraphs_of_help_are_joined():
    assert reflowed("One line\nand its rest.\n\nExamples:\n") == "One line and its rest.\n\nExamples:"


def test_an_example_has_its_purpose_ahead_and_breaks_where_a_shell_lets_it():
    long = 'search x3d --budget "macs per clip <= 2" --data 9 --out runs/of/a/long/name/that/ends.db'
    assert reflowed(f"    list x3d    what it\n    is for\n\n    {long}\n") == (
        "\b\n    # what it is for\n    costmodel list x3d\n \n"
        '    costmodel search x3d --budget "macs per clip <= 2" --data 9 \\\n'
        "        --out runs/of/a/long/name/that/ends.db"
    )


@pytest.mark.parametrize("name", EVERY)
def test_every_example_is_a_command_line_of_known_options(name: str):
    for part in EVERY[name].help.split("\n\n"):
        if not part.startswith("    ") or part.lstrip().startswith("#"):
            continue
        words = shlex.split(reflowed(part).replace("\\\n", ""), comments=True)
        words = words[words.index("costmodel") + 1 :]
        words = words[: words.index(">")] if ">" in words else words
        called = words[0] if words[0] in EVERY else " ".join(words[:2])
        assert not parse(EVERY[called].table, words[len(called.split()) :]).wants_help


@pytest.mark.parametrize("name", EVERY)
def test_every_command_has_help_that_fits_a_terminal(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main([*name.split(), "--help"]) == 0
    told = capsys.readouterr().out
    assert f"costmodel {name} " in told
    assert "Example" in told or name.startswith("study")
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.parametrize("name", EVERY)
def test_a_command_takes_what_its_table_names(name: str):
    each = EVERY[name]
    taken = list(inspect.signature(each.run).parameters)
    own = taken if each.takes == "nothing" else taken[1:]
    if own[:1] == ["own"]:  # a network of one's own, of the options that name it
        own = [*(option.name for option in OWN_MODULE), *own[1:]]
    # How weights are read goes with their path: a command takes both as one.
    assert own == [option.name for option in each.options if option not in READING]


@pytest.mark.parametrize("arguments", [[], ["--help"], ["study"], ["report", "--help"]])
def test_commands_are_listed_with_a_line_each(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    assert cli.main(arguments) == 0
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= 80
    words = [line.split()[0] for line in told.splitlines() if line.startswith("  ")]
    expected = [name for section in SECTIONS.values() for name in section]
    group = arguments[0] if arguments[:1] in (["study"], ["report"]) else None
    assert set(words) >= set(expected if group is None else command(group).commands)


def test_the_list_of_commands_loads_none_of_them():
    program = "import sys, cli; cli.main(['--help']); print(*sys.modules)"
    command_line = [sys.executable, "-c", program]
    done = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert loaded & {*COMMANDS.values(), "typer", "costmodel.graph", "yaml"} == set()


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("costmodel 0.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["analyse"], "error: unknown command 'analyse' (did you mean 'analyze'?)\n"),
        (["study", "lits"], "error: unknown command of study 'lits' (did you mean 'list'?)\n"),
        (["--verson"], "error: No such option: --verson\n"),
        (["study", "--wrong"], "error: No such option: --wrong\n"),
    ],
)
def test_a_command_that_is_not_there_is_told_with_the_nearest(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err == message
