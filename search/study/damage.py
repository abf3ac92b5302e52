"""Checks a study before anything in it is believed: a whole file, our tables, sound rows."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

Is = Callable[[object], bool]
LARGEST_NUMBER = 1e300  # JSON's whole numbers have no end, and floats do
# No exponent, which Fraction() reads too: 1e999999999 would take gigabytes before it is compared.
_FRACTION = re.compile(r"-?[0-9]{1,50}(/[0-9]{1,50})?")


def damage_of(connection: sqlite3.Connection, path: Path) -> str:
    """What is wrong with a study, in words; empty where nothing is.

    Raises:
        sqlite3.Error: it cannot be read at all.
    """
    connection.execute("BEGIN")  # one state of the file: a search may write it meanwhile
    try:
        return _cut(connection, path) or _foreign(connection) or _wrong_row(connection)
    finally:
        connection.execute("ROLLBACK")


def _cut(connection: sqlite3.Connection, path: Path) -> str:
    """Whether the end is missing; SQLite itself takes the rest of a last page as zeros."""
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    there = path.stat().st_size
    if there < pages * size:
        return f"{there} bytes are there, its header says {pages * size}"
    return "" if found == "ok" else " ".join(str(found).split())


def _foreign(connection: sqlite3.Connection) -> str:
    """What the database has beside the tables of a study, or misses: a view could run for ever."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    found = {name: (kind, str(text)) for kind, name, text in rows}
    for name, (kind, text) in found.items():
        # a virtual table is of kind "table" too, and runs code: only its statement tells them apart
        if kind != "table" or name not in TABLES or not text.upper().startswith("CREATE TABLE"):
            return f"it has a {kind} {name!r}, which no study has"
    for name, columns in TABLES.items():
        if name not in found:
            return f"the table {name!r} is missing"
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
        wrong = sorted((there - columns.keys()) | (columns.keys() - OPTIONAL - there))
        if wrong:
            return f"the table {name!r} has other columns ({wrong[0]!r})"
    return ""


def _wrong_row(connection: sqlite3.Connection) -> str:
    for name, columns in TABLES.items():
        for number, row in enumerate(connection.execute(f"SELECT * FROM {name}"), start=1):
            # sqlite3.Row iterates over values, not over names, so keys() is no detour
            for column in row.keys():  # noqa: SIM118
                if not columns[column](row[column]):
                    return f"row {number} of {name!r} has no sound {column!r}"
    return ""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(value: object) -> bool:
    # to Python a flag is a whole number
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) <= LARGEST_NUMBER  # not so for NaN


def _is_exact(value: object) -> bool:
    """A number, a flag, or a fraction as `a/b`."""
    if not isinstance(value, str):
        return _is_number(value)
    try:
        return _FRACTION.fullmatch(value) is not None and abs(Fraction(value)) <= LARGEST_NUMBER
    except ZeroDivisionError:
        return False


def _or_none(holds: Is) -> Is:
    return lambda value: value is None or holds(value)


def _each(holds: Is) -> Is:
    return lambda value: isinstance(value, list) and all(map(holds, value))


def _by_name(holds: Is) -> Is:
    return lambda value: isinstance(value, dict) and all(map(holds, value.values()))


def _with(**fields: Is) -> Is:
    """A mapping with at least these fields."""
    return lambda value: (
        isinstance(value, dict)
        and all(name in value and holds(value[name]) for name, holds in fields.items())
    )


def _any(value: object) -> bool:
    return True


def _json(holds: Is) -> Is:
    def check(value: object) -> bool:
        try:
            # a thousand open brackets are a RecursionError of the reader: damage, not an accident of ours
            return isinstance(value, str) and holds(json.loads(value))
        except (ValueError, RecursionError):
            return False

    return check


_sizes, _costs = _by_name(_is_exact), _by_name(_or_none(_is_number))
_plain = _json(_by_name(_any))
_option = _with(
    axis=_is_text,
    value=_or_none(_is_exact),
    ratio=_or_none(_is_number),
    score=_or_none(_is_number),
    result=_or_none(_is_text),
    reason=_is_text,
    note=_is_text,
    network=_or_none(_is_text),
    settings=_or_none(_sizes),
    costs=_or_none(_costs),
)
_search = _with(mode=_is_text, score=_is_text, budget=_is_text, limits=_each(_is_text), seed=_is_whole)
OPTIONAL = frozenset({"transforms"})  # which the first format has not

TABLES: Mapping[str, Mapping[str, Is]] = {
    "facts": {"name": _is_text, "value": _is_text},
    "searches": {
        "id": _is_whole,
        "address": _is_text,
        "options": _json(_search),
        "versions": _plain,
        "started": _is_text,
        "finished": _or_none(_is_text),
    },
    "networks": {
        "address": _is_text,
        "settings": _json(_sizes),
        "transforms": _json(_each(_by_name(_any))),
        "costs": _json(_costs),
        "seen": _is_text,
    },
    "attempts": {
        "result": _is_text,
        "number": _is_whole,
        "outcome": _is_text,
        "reason": _is_text,
        "log": _is_text,
        "started": _is_text,
        "seconds": _is_number,
    },
    "results": {
        "address": _is_text,
        "network": _is_text,
        "score_name": _is_text,
        "recipe": _plain,
        "seed": _is_whole,
        "score": _or_none(_is_number),
        "reason": _is_text,
        "training_macs": _is_whole,
        "seconds": _is_number,
        "measured": _plain,
        "log": _is_text,
        "versions": _plain,
        "finished": _is_text,
    },
    "decisions": {
        "search": _is_whole,
        "place": _is_whole,
        "step": _is_whole,
        "kind": _is_text,
        "axis": _or_none(_is_text),
        "name": _is_text,
        "network": _is_text,
        "result": _or_none(_is_text),
        "score": _or_none(_is_number),
        "cost": _json(_is_number),
        "settings": _json(_sizes),
        "reason": _is_text,
        "options": _json(_each(_option)),
        "decided": _is_text,
    },
}
