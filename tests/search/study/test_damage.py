"""Studies from strangers: what is cut, altered, foreign or in use is told in one line, and nothing hangs."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import cli
from search.study import store
from search.study.history import candidates_of, decisions_of, searches_of
from search.study.store import StudyError, lock
from search.study.study import read_study


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a study of one search."""
    folder = tmp_path_factory.mktemp("whole")
    spec = folder / "net.yaml"
    spec.write_text(
        "input: {channels: 3, time: 2, height: 8, width: 8}\nsizes: {wide: 4}\n"
        "axes:\n  Width: {moves: wide, factor: 2, bounds: [1, 64]}\n"
        "network:\n  - conv: {channels: wide, kernel: [1, 3, 3]}\n  - global_pool\n"
    )
    options = ["--budget", "macs_per_clip<=3x", "--study", str(folder / "s.db"), "--out", str(folder)]
    assert cli.main(["search", str(spec), *options]) == 0
    return (folder / "s.db").read_bytes()


@pytest.fixture
def study(whole: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "s.db"
    path.write_bytes(whole)
    return path


def change(study: Path, *statements: str) -> None:
    with closing(sqlite3.connect(study)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def refusal(study: Path) -> str:
    with pytest.raises(StudyError) as error, read_study(study) as opened:
        searches_of(opened), candidates_of(opened), decisions_of(opened)
    text = str(error.value)
    assert text.isprintable()
    return text.removeprefix(f"{study}: ")


def test_a_study_cut_inside_its_last_page_is_told(study: Path, whole: bytes):
    study.write_bytes(whole[:-100])
    expected = f"is damaged: {len(whole) - 100} bytes are there, its header says {len(whole)}"
    assert refusal(study) == expected


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DROP TABLE attempts", "the table 'attempts' is missing"),
        ("ALTER TABLE results DROP COLUMN log", "the table 'results' has other columns ('log')"),
        ("ALTER TABLE results ADD COLUMN more", "the table 'results' has other columns ('more')"),
        ("CREATE TABLE other(a)", "it has a table 'other', which no study has"),
        (
            "CREATE TRIGGER t AFTER INSERT ON facts BEGIN DELETE FROM facts; END",
            "it has a trigger 't', which no study has",
        ),
        ("UPDATE decisions SET options='[1' WHERE place=1", "row 2 of 'decisions' has no sound 'options'"),
        ("UPDATE decisions SET options='[1]' WHERE place=1", "row 2 of 'decisions' has no sound 'options'"),
        ('UPDATE decisions SET settings=\'{"a": "1/0"}\'', "row 1 of 'decisions' has no sound 'settings'"),
        (
            'UPDATE decisions SET settings=\'{"a": "1e999999999"}\'',
            "row 1 of 'decisions' has no sound 'settings'",
        ),
        ("UPDATE decisions SET cost='NaN'", "row 1 of 'decisions' has no sound 'cost'"),
        ("UPDATE decisions SET score='high'", "row 1 of 'decisions' has no sound 'score'"),
        ("UPDATE results SET score=9e999", "row 1 of 'results' has no sound 'score'"),
        ("UPDATE networks SET costs=X'00ff'", "row 1 of 'networks' has no sound 'costs'"),
        ("UPDATE searches SET options='{}'", "row 1 of 'searches' has no sound 'options'"),
        (
            "UPDATE searches SET options=hex(zeroblob(99)) || '['",
            "row 1 of 'searches' has no sound 'options'",
        ),
    ],
)
def test_what_no_search_wrote_is_told(study: Path, statement: str, found: str):
    change(study, "PRAGMA foreign_keys=OFF", statement)
    assert refusal(study) == f"is damaged: {found}"


def test_nested_beyond_reading_is_told(study: Path):
    deep = "[" * 100_000
    change(study, f"UPDATE networks SET settings='{deep}'")
    assert refusal(study) == "is damaged: row 1 of 'networks' has no sound 'settings'"


def test_a_view_that_never_ends_is_not_asked(study: Path):
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT * FROM c"
    change(study, "PRAGMA foreign_keys=OFF", "DROP TABLE attempts", f"CREATE VIEW attempts AS {endless}")
    assert refusal(study) == "is damaged: it has a view 'attempts', which no study has"


def test_text_that_is_not_utf8_is_told(study: Path):
    change(study, "UPDATE results SET reason=CAST(X'ff41' AS TEXT)")
    assert refusal(study).startswith("is damaged or cannot be opened: Could not decode to UTF-8")


def test_a_broken_schema_that_sqlite_quotes_in_broken_bytes_is_told(study: Path, whole: bytes):
    study.write_bytes(whole.replace(b"CREATE TABLE networks(", b"CREATE TABLE networks\xcc", 1))
    assert refusal(study).startswith("is damaged")


@pytest.fixture
def held(study: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A study that another program has locked, as one that copies it does."""
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(study)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield study
        connection.rollback()


def test_a_locked_study_is_in_use_and_not_damaged(held: Path):
    assert refusal(held) == "is in use by another process; wait for it, or take another study"


@pytest.mark.parametrize("beside", ["", "-journal", "-wal"])
def test_a_pipe_is_refused_before_anything_waits_for_it(study: Path, beside: str):
    if not beside:
        study.unlink()
    os.mkfifo(f"{study}{beside}")
    assert "is no file" in refusal(study) or "is a named pipe" in refusal(study)
    with pytest.raises(StudyError, match="cannot be written"), lock(Path(f"{study}{beside}")):
        pass
