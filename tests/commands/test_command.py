"""What a command takes: its networks, and the transforms that it has or implies."""

from __future__ import annotations

import subprocess
import sys

import pytest

import cli
from commands.options import SPEC
from commands.parser import parse
from commands.transforms import asked, transform_options


def made(*arguments: str, has: tuple[str, ...] = (), implied: tuple[str, ...] = ()) -> list[str]:
    given = parse((SPEC, *transform_options(has)), ("x3d", *arguments))
    return [each.flags for each in asked(given, [*implied, *has])]


def test_what_a_command_has_can_be_left_out():
    assert made("--continual", has=("fold",)) == ["--continual", "--fold"]
    assert made("--fold", "--continual", has=("fold",)) == ["--fold", "--continual"]
    assert made("--no-fold", has=("fold",)) == []


def test_a_switch_may_imply_a_transform():
    assert made("--pool=3", implied=("continual",)) == ["--continual --pool 3"]
    assert made("--continual", "--pool=3", implied=("continual",)) == ["--continual --pool 3"]


@pytest.mark.parametrize("command", ["analyze", "sweep", "report memory", "validate"])
def test_options_of_a_network_are_refused_where_none_is_given(
    command: str, capsys: pytest.CaptureFixture[str]
):
    assert cli.main([*command.split(), "--continual"]) == 2
    shown = {"validate": "--continual: is for a SPEC; name one"}.get(command, "Missing argument 'SPEC'.")
    assert capsys.readouterr().err == f"error: {shown}\n"


def test_a_command_line_loads_the_transforms_that_it_names_alone():
    """Each takes a few milliseconds to load, more than a small network takes to analyse."""
    script = (
        "import sys; from costmodel.__main__ import main\n"
        "main(['analyze', 'digits', '--continual', '--format', 'json'])\n"
        "print(*(name for name in sys.modules if name.startswith('costmodel.transforms.')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.rpartition(".")[2] for name in done.stderr.split()}
    assert "continual" in loaded
    assert not loaded & {"dissect", "fold", "head", "unpad"}
