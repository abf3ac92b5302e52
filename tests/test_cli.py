"""The command line as a whole: help that fits a terminal, and commands that are not there."""

import pytest

import cli


def test_paragraphs_of_help_are_joined_and_examples_kept():
    text = "One line\nand its rest.\n\nExamples:\n\n    search x3d\n"
    assert cli.reflowed(text) == "One line and its rest.\n\nExamples:\n\n    search x3d"


@pytest.mark.parametrize("command", [name for name in cli.COMMANDS if name not in ("report", "study")])
def test_every_command_has_help_with_examples(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main([command, "--help"]) == 0
    told = capsys.readouterr().out
    assert "Example" in told
    assert max(map(len, told.splitlines())) <= 80


def test_a_command_that_is_not_there_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["analyse"]) == 2
    assert "unknown command 'analyse'" in capsys.readouterr().err
