"""A study of a network that takes no time to search, and what it was in an older format."""

import json
import sqlite3
from contextlib import chdir, closing, redirect_stderr, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import cli

SPEC = """
input: {channels: 1, time: 2, height: 16, width: 16}
sizes: {wide: 4}
axes:
  Width: {moves: wide, factor: 2, bounds: [1, 64]}
network:
  - conv: {channels: wide, kernel: [1, 3, 3]}
  - global_pool
  - linear: {channels: 12}
"""
SEARCH = ("search", "net.yaml", "--budget", "macs_per_clip<=4x", "--study", "s.db")


def make_study(*options: str) -> Path:
    """Searches on `net.yaml` in the current folder, which is written, into `s.db` beside it."""
    Path("net.yaml").write_text(SPEC)
    assert cli.main([*SEARCH, *options]) == 0
    return Path("s.db")


@cache
def _made() -> bytes:
    silent = redirect_stdout(StringIO()), redirect_stderr(StringIO())
    with TemporaryDirectory() as folder, chdir(folder), silent[0], silent[1]:
        return make_study().read_bytes()


def study_made_once() -> Path:
    """`s.db` in the current folder as `make_study` writes it, of a search that all tests share."""
    Path("s.db").write_bytes(_made())
    return Path("s.db")


def as_format_1(study: Path) -> Path:
    """The study as it was before each network kept its form: a search has `stream`, a network has nothing."""
    with closing(sqlite3.connect(study, isolation_level=None)) as connection:
        for number, text in connection.execute("SELECT id, options FROM searches").fetchall():
            options = json.loads(text)
            (stream,) = options.pop("transforms") or [None]
            options["stream"] = stream and {key: stream[key] for key in stream if key != "transform"}
            connection.execute("UPDATE searches SET options=? WHERE id=?", (json.dumps(options), number))
        connection.execute("ALTER TABLE networks DROP COLUMN transforms")
        connection.execute("PRAGMA user_version=1")
    return study
