"""What the README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli import main
from commands.index import COMMANDS

README = (Path(__file__).resolve().parent.parent / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"))
def test_a_python_example_runs(code, capsys):
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_the_spec_shown_is_one(tmp_path, capsys):
    spec = tmp_path / "tiny.yaml"
    spec.write_text(blocks("yaml")[0])
    assert main(["analyze", str(spec), "--continual"]) == 0
    assert "res" in capsys.readouterr().out


def test_the_figures_shown_are_those_that_analyze_prints(capsys):
    assert main(["analyze", "specs/x3d_m.yaml", "--format", "json"]) == 0
    assert main(["analyze", "specs/x3d_m.yaml", "--continual", "--format", "json"]) == 0
    printed = capsys.readouterr().out
    shown = re.findall(r"\d+,\d{3},[\d,]*\d", README)
    assert len(shown) >= 6
    unknown = [figure for figure in shown if figure.replace(",", "") not in printed]
    assert set(unknown) <= {"4,988,016"}
    assert main(["analyze", "x3d_m", "--continual", "--state", "smallest", "--format", "json"]) == 0
    assert all(figure.replace(",", "") in capsys.readouterr().out for figure in unknown)


def test_every_command_shown_exists():
    rows = "\n".join(line for line in README.splitlines() if line.startswith("| "))
    shown = re.findall(r"`([a-z]+) [^`]*`", rows)
    assert shown
    assert set(shown) <= set(COMMANDS)


def test_every_page_linked_is_there():
    root = Path(__file__).resolve().parent.parent
    pages = re.findall(r"\]\(([\w/.]+)\)", README)
    assert [page for page in pages if not (root / page).exists()] == []
