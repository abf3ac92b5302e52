"""Whoever reads a study of an older format is told so, beside what was asked for."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import cli

SPEC = """
input: {channels: 3, time: 2, height: 8, width: 8}
sizes: {wide: 4}
axes:
  Width: {moves: wide, factor: 2, bounds: [1, 64]}
network:
  - conv: {channels: wide, kernel: [1, 3, 3]}
  - global_pool
"""
TOLD = "note: s.db is a study of format 1, which is only read; searches write format 2\n"


@pytest.fixture(autouse=True)
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(SPEC)
    assert cli.main(["search", "net.yaml", "--budget", "macs_per_clip<=2x", "--study", "s.db"]) == 0
    capsys.readouterr()


def as_format_1() -> None:
    with closing(sqlite3.connect("s.db", isolation_level=None)) as connection:
        ((text,),) = connection.execute("SELECT options FROM searches").fetchall()
        options = json.loads(text) | {"stream": None}
        options.pop("transforms")
        connection.execute("UPDATE searches SET options=?", (json.dumps(options),))
        connection.execute("ALTER TABLE networks DROP COLUMN transforms")
        connection.execute("PRAGMA user_version=1")


@pytest.mark.parametrize(
    "command",
    [
        ["study", "show", "s.db"],
        ["study", "show", "s.db", "--format", "json"],
        ["study", "list", "s.db"],
        ["study", "why", "s.db", "0"],
        ["study", "export", "s.db", "--out", "out.json"],
        ["report", "study", "s.db"],
    ],
    ids=" ".join,
)
def test_a_study_of_format_1_says_so_on_standard_error(command: list[str], capsys):
    assert cli.main(command) == 0
    now = capsys.readouterr()
    as_format_1()
    assert cli.main(command) == 0
    before = capsys.readouterr()
    assert (now.err, before.err) == ("", TOLD)
    assert before.out.replace('"stream": null', '"transforms": []') == now.out
