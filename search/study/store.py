"""Opens the file of a study: checked first, locked while it is written, untouched if it is no study."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from costmodel.errors import CostModelError, one_line
from costmodel.files import open_file
from search.study.damage import damage_of

FORMAT = 2
READABLE = (1, FORMAT)  # format 1 does not say which transforms made a network
APPLICATION_ID = 0x5354_5544  # "STUD"
BUSY_SECONDS = 5
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
HEADER_BYTES = 100

SCHEMA = """
CREATE TABLE facts(name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE searches(
    id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, options TEXT NOT NULL,
    versions TEXT NOT NULL, started TEXT NOT NULL, finished TEXT);
CREATE TABLE networks(
    address TEXT PRIMARY KEY, settings TEXT NOT NULL, transforms TEXT NOT NULL, costs TEXT NOT NULL,
    seen TEXT NOT NULL);
CREATE TABLE attempts(
    result TEXT NOT NULL, number INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL,
    log TEXT NOT NULL, started TEXT NOT NULL, seconds REAL NOT NULL, PRIMARY KEY(result, number));
CREATE TABLE results(
    address TEXT PRIMARY KEY, network TEXT NOT NULL REFERENCES networks(address),
    score_name TEXT NOT NULL, recipe TEXT NOT NULL, seed INTEGER NOT NULL, score REAL, reason TEXT NOT NULL,
    training_macs INTEGER NOT NULL, seconds REAL NOT NULL, measured TEXT NOT NULL, log TEXT NOT NULL,
    versions TEXT NOT NULL, finished TEXT NOT NULL);
CREATE TABLE decisions(
    search INTEGER NOT NULL REFERENCES searches(id), place INTEGER NOT NULL, step INTEGER NOT NULL,
    kind TEXT NOT NULL, axis TEXT, name TEXT NOT NULL, network TEXT NOT NULL REFERENCES networks(address),
    result TEXT REFERENCES results(address), score REAL, cost TEXT NOT NULL, settings TEXT NOT NULL,
    reason TEXT NOT NULL, options TEXT NOT NULL, decided TEXT NOT NULL, PRIMARY KEY(search, place));
"""


class StudyError(CostModelError):
    """A study cannot be opened or written."""


def format_of(path: Path) -> int | None:
    """The format of a study, from its first bytes, without opening it as a database; None: there is none.

    Raises:
        StudyError: the file is something else, or a study of a format that cannot be read.
    """
    try:
        with open_file(path) as file:
            head = file.read(HEADER_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}") from error
    if not head:
        return None
    if len(head) < HEADER_BYTES or not head.startswith(b"SQLite format 3\0"):
        raise StudyError(f"{path}: is no study, or a damaged one; expected a file that `search --study` made")
    # SQLite keeps user_version at byte 60 and application_id at 68, both with the highest byte first
    found, application = (int.from_bytes(head[at : at + 4]) for at in (60, 68))
    if application != APPLICATION_ID:
        raise StudyError(f"{path}: is a database of another program; expected a study")
    if found not in READABLE:
        known = " and ".join(map(str, READABLE))
        raise StudyError(f"{path}: is a study of format {found}, this tool reads the formats {known}")
    return found


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Holds a study for this process alone; the system frees it when the process ends, however it ends.

    Raises:
        StudyError: another process holds it.
    """
    try:
        # Without O_NONBLOCK a pipe put in its place meanwhile would hold the opening back.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)
        file = os.fdopen(os.open(path, flags, 0o666), "ab")
    except OSError as error:
        raise StudyError(f"{path}: cannot be written: {error.strerror}") from error
    with file:
        _take(file, path)
        yield


def _take(file: IO[bytes], path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # not a POSIX system: SQLite's own locks remain
        return
    try:
        # flock, not a file of our own: the system lets go of it even when the process is killed
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise StudyError(
            f"{path}: is in use by another process; wait for it, or take another study"
        ) from None


def connect(path: Path, *, writes: bool, is_new: bool = False) -> sqlite3.Connection:
    """A connection to a study that is there, checked for damage.

    Raises:
        StudyError: it is damaged, in use, or cannot be opened.
    """
    _must_stand_alone(path)
    # even a reader wants to write, if it may: a killed writer's journal must be rolled back first
    mode = "rw" if writes or _is_writable(path) else "ro"
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    try:
        connection.row_factory = sqlite3.Row
        # a decision must outlive a power cut, whatever default SQLite was compiled with
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        # a stranger's file may hold views and triggers that call functions
        connection.execute("PRAGMA trusted_schema=OFF")
        found = "" if is_new else damage_of(connection, path)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # SQLite's own words may quote broken bytes
        connection.close()
        raise unreadable(path, error) from error
    if found:
        connection.close()
        raise StudyError(f"{path}: is damaged: {found}")
    return connection


def unreadable(path: Path, error: Exception) -> StudyError:
    """Why a study cannot be read, in words: another process holds it, or it is damaged."""
    # Newer codes say more in their upper bits, such as that a recovery is under way.
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY:
        return StudyError(f"{path}: is in use by another process; wait for it, or take another study")
    return StudyError(f"{path}: is damaged or cannot be opened: {one_line(str(error))}")


def _must_stand_alone(path: Path) -> None:
    """Raises StudyError where what SQLite opens beside a study is a pipe: it would wait for it for ever."""
    for suffix in ("-journal", "-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists() and not beside.is_file():
            raise StudyError(f"{beside}: is no file, expected none, or one that SQLite left there")


def _is_writable(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def create(connection: sqlite3.Connection, facts: dict[str, str]) -> None:
    """Makes the tables of a new study, all at once or not at all."""
    with transaction(connection):
        # not executescript(), which commits what stands before it
        for statement in SCHEMA.split(";\n"):
            if statement.strip():
                connection.execute(statement)
        connection.executemany("INSERT INTO facts VALUES(?, ?)", facts.items())
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={FORMAT}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction: all that is written inside the block is kept, or none of it.

    Raises:
        StudyError: it cannot be written: a full disk, another writer.
    """
    try:
        # takes the lock for writing now: a plain BEGIN would find at its first write that another holds it
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if connection.in_transaction:  # on a full disk SQLite has rolled back itself
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.rollback()
        place = connection.execute("PRAGMA database_list").fetchone()[2]
        raise StudyError(f"{place}: cannot be written: {error}; what was kept before stands") from error
