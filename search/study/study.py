"""A study: every candidate, attempt, result and decision of searches on one spec, in one SQLite file.

The driver of a search alone writes it. Nothing is ever stored as running: an attempt is written when it has
ended, with its result; a decision together with all that it stands on. So whatever ends the process, the file
holds a state that an undisturbed run passes through, and the same command goes on from there.
"""

from __future__ import annotations

import json
import platform
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.problem.designs import Design
from search.problem.steps import Considered, Decision
from search.study.address import exact_json
from search.study.store import (
    FORMAT,
    StudyError,
    connect,
    create,
    format_of,
    lock,
    transaction,
    unreadable,
)

if TYPE_CHECKING:  # engines load torch, and whoever reads a study waits for none
    from search.engine.base import Outcome


@dataclass(frozen=True)
class Stored:
    """A result in a study: its score with its standard error, or why every attempt failed."""

    score: float | None
    reason: str
    error: float = 0.0


class Study:
    """An open study; one of an older format can only be read."""

    def __init__(self, path: Path, connection: sqlite3.Connection, format: int = FORMAT) -> None:
        self.path = path
        self.connection = connection
        self.format = format

    def fact(self, name: str) -> str:
        """One of the study's own facts: `spec`, `spec_address`, `spec_name` or `created`."""
        try:
            row = self.connection.execute("SELECT value FROM facts WHERE name=?", (name,)).fetchone()
        except sqlite3.Error as error:
            raise unreadable(self.path, error) from error
        if row is None:
            raise StudyError(f"{self.path}: is damaged: the fact {name!r} is missing")
        return str(row[0])

    def search(self, address: str, options: Mapping[str, object]) -> int:
        """The number of a search in this study; it is entered when it is new."""
        found = self.connection.execute("SELECT id FROM searches WHERE address=?", (address,)).fetchone()
        if found is not None:
            return int(found[0])
        with transaction(self.connection):
            made = self.connection.execute(
                "INSERT INTO searches(address, options, versions, started) VALUES(?, ?, ?, ?)",
                (address, exact_json(options), exact_json(versions()), now()),
            )
        # never None behind an INSERT; the type says so for other statements
        return int(made.lastrowid or 0)

    def result(self, key: str) -> Stored | None:
        """The result of an address, when it has one."""
        row = self.connection.execute(
            "SELECT score, reason, measured FROM results WHERE address=?", (key,)
        ).fetchone()
        if row is None:
            return None
        return Stored(row["score"], row["reason"], error_in(json.loads(row["measured"] or "{}")))

    def asked_of(self, key: str) -> tuple[Mapping[str, object], int]:
        """The recipe and the seed of a result."""
        row = self.connection.execute("SELECT recipe, seed FROM results WHERE address=?", (key,)).fetchone()
        return json.loads(row["recipe"]), int(row["seed"])

    def decided(self) -> frozenset[str]:
        """The candidates chosen by a decision of any of its searches."""
        rows = self.connection.execute("SELECT DISTINCT result FROM decisions WHERE result IS NOT NULL")
        return frozenset(str(row[0]) for row in rows)

    def attempts(self, key: str) -> int:
        """How often a candidate has been tried."""
        (count,) = self.connection.execute("SELECT count(*) FROM attempts WHERE result=?", (key,)).fetchone()
        return int(count)

    def decisions(self, search: int) -> list[sqlite3.Row]:
        """The decisions of a search, in order."""
        rows = self.connection.execute("SELECT * FROM decisions WHERE search=? ORDER BY place", (search,))
        return rows.fetchall()

    def write_attempt(self, about: Entry, outcome: Outcome, *, final: bool) -> None:
        """Writes an attempt, and its result when it is the last one."""
        with transaction(self.connection):
            self._network(about.design)
            self._attempt(outcome)
            if final:
                self._result(about, outcome)

    def write_step(
        self, search: int, place: int, decision: Decision, fresh: Iterable[tuple[Entry, Outcome]]
    ) -> None:
        """Writes a decision with the results that it stands on, together."""
        with transaction(self.connection):
            for about, outcome in fresh:
                self._network(about.design)
                self._attempt(outcome)
                self._result(about, outcome)
            # before the decision, whose column `network` refers to them
            for design in _designs(decision):
                self._network(design)
            self.connection.execute(
                "INSERT INTO decisions VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (search, place, *decision_row(decision), now()),
            )

    def finish(self, search: int) -> None:
        """Notes that a search has ended."""
        with transaction(self.connection):
            self.connection.execute(
                # the first time stays when a finished search is run again
                "UPDATE searches SET finished=? WHERE id=? AND finished IS NULL",
                (now(), search),
            )

    def _network(self, design: Design) -> None:
        self.connection.execute(
            # Two options, or two searches, may lead to one network; the first that saw it stays.
            "INSERT OR IGNORE INTO networks VALUES(?, ?, ?, ?, ?)",
            (
                design.network,
                exact_json(design.settings),
                exact_json([each.to_dict() for each in design.transforms]),
                exact_json(design.values),
                now(),
            ),
        )

    def _attempt(self, outcome: Outcome) -> None:
        how = "done" if outcome.result else "failed"
        self.connection.execute(
            "INSERT INTO attempts VALUES(?, ?, ?, ?, ?, ?, ?)",
            (
                outcome.key,
                # numbered inside the transaction, so that no two attempts have one number
                self.attempts(outcome.key) + 1,
                how,
                outcome.reason,
                outcome.log,
                now(),
                outcome.seconds,
            ),
        )

    def _result(self, about: Entry, outcome: Outcome) -> None:
        result = outcome.result
        self.connection.execute(
            "INSERT INTO results VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                outcome.key,
                about.design.network,
                about.score,
                exact_json(about.recipe),
                about.seed,
                None if result is None else result.score,
                outcome.reason,
                0 if result is None else result.training_macs,
                outcome.seconds,
                exact_json({} if result is None else result.measured),
                outcome.log if result is None else result.log,
                exact_json(versions()),
                now(),
            ),
        )


@dataclass(frozen=True)
class Entry:
    """What identifies a result: a network under a score, its recipe and a seed."""

    design: Design
    score: str
    recipe: Mapping[str, object]
    seed: int


def decision_row(decision: Decision) -> tuple[object, ...]:
    """A decision as it is stored: equal decisions give equal rows."""
    return (
        decision.step,
        decision.kind,
        decision.axis,
        decision.name,
        decision.design.network,
        decision.key,
        decision.score,
        exact_json(decision.cost),
        exact_json(decision.design.settings),
        decision.reason,
        exact_json([_option(option) for option in decision.options]),
    )


def error_in(measured: Mapping[str, Any]) -> float:
    """The standard error of a score, given as `error` among what it measured; 0 where it is exact."""
    return float(measured.get("error", 0.0))


def _option(option: Considered) -> dict[str, object]:
    design = option.design
    added = {"error": option.error, "form": dict(option.form)}  # where there is one: studies of old had none
    return {name: value for name, value in added.items() if value} | {
        "axis": option.axis,
        "value": option.value,
        "ratio": option.ratio,
        "score": option.score,
        "result": option.key,
        "reason": option.reason,
        "note": option.note,
        "network": design.network if design else None,
        "settings": design.settings if design else None,
        "costs": design.values if design else None,
    }


def _designs(decision: Decision) -> Iterator[Design]:
    yield decision.design
    yield from (option.design for option in decision.options if option.design and not option.design.problem)


@contextmanager
def open_study(path: Path, spec: Mapping[str, str]) -> Iterator[Study]:
    """A study for a search to write, made when it is new.

    Args:
        path: the file.
        spec: what it is a study of: `spec_address`, `spec_name` and `spec`, the whole text.

    Raises:
        StudyError: it is damaged, of another format or spec, or in use; then nothing was touched.
    """
    found = format_of(path)
    if found not in (None, FORMAT):
        raise StudyError(
            f"{path}: is a study of format {found}, which is only read, by `study show` and `study export`; "
            "give --study another file to search anew"
        )
    exists = found is not None
    if not exists:
        _make_folder(path)
    with ExitStack() as stack:
        # Locked before it is opened: two searches that make it at once would each make its tables.
        stack.enter_context(lock(path))
        connection = connect(path, writes=True, is_new=not exists)
        stack.callback(connection.close)
        if not exists:
            create(connection, {**spec, "created": now()})
        study = Study(path, connection)
        if study.fact("spec_address") != spec["spec_address"]:
            raise StudyError(
                f"{path}: is a study of another spec, {study.fact('spec_name')} "
                f"({study.fact('spec_address')[:8]}), not of {spec['spec_name']} ({spec['spec_address'][:8]})"
            )
        yield study


@contextmanager
def read_study(path: Path) -> Iterator[Study]:
    """A study to read, also while a search writes it.

    Raises:
        StudyError: there is none, or it is damaged or of a format that cannot be read.
    """
    found = format_of(path)
    if found is None:
        raise StudyError(f"{path}: there is no study")
    connection = connect(path, writes=False)
    try:
        yield Study(path, connection, found)
    except sqlite3.DatabaseError as error:
        raise unreadable(path, error) from error
    finally:
        connection.close()


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(f"{path}: cannot be made: {error.strerror}") from error


def now() -> str:
    """The time, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def versions() -> dict[str, str]:
    """The versions that a result was made with."""
    try:
        own = metadata.version("costmodel")
    except metadata.PackageNotFoundError:
        own = "0"
    return {"costmodel": own, "python": platform.python_version()}
