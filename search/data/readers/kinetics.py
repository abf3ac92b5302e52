"""Kinetics' own lists: CSV with the columns label, youtube_id, time_start, time_end, split."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import PurePosixPath

from costmodel.errors import DataError
from search.data.readers.base import SPLITS, Finder, Listing, reader, shown
from search.data.tree import Tree

PARTS = {**SPLITS, "validate": SPLITS["val"]}
COLUMNS = {"label", "youtube_id", "time_start", "time_end"}


def _tables(tree: Tree) -> list[str]:
    names = [name for name in tree.files if name.lower().endswith(".csv")]
    return [
        name for name in names if "youtube_id" in next((line for _, line in tree.lines(name)), "").split(",")
    ]


def _rows(tree: Tree, name: str) -> Iterator[tuple[str, Mapping[str, str | None]]]:
    rows = csv.DictReader(io.StringIO(tree.text(name), newline=""))
    place = tree.root / name
    try:
        for row in rows:
            yield f"{place}:{rows.line_num}", row
    except csv.Error as error:
        raise DataError(f"{place}:{rows.line_num}: not CSV, {error}") from error


def _second(at: str, text: str | None) -> Fraction:
    try:
        return Fraction(str(text))
    except (ValueError, ZeroDivisionError):
        raise DataError(f"{at}: a time of {shown(text)}, expected seconds") from None


@reader(
    "kinetics",
    "Kinetics' CSV: label, youtube_id, time_start, time_end, split",
    lambda tree: bool(_tables(tree)),
)
def kinetics(tree: Tree, split: int) -> Listing:
    """Clips called `ID_000012_000022` as the official tools cut them, or `ID` for the whole video."""
    del split
    found, left_out, tables = Finder(tree), list[str](), _tables(tree)
    for name in tables:
        for at, row in _rows(tree, name):
            part, label = row.get("split") or PurePosixPath(name).stem, row.get("label")
            first, last = (_second(at, row.get(column)) for column in ("time_start", "time_end"))
            clip = f"{row['youtube_id']}_{int(first):06d}_{int(last):06d}"
            # those of the test part have no labels in some releases
            if part not in PARTS or not label:
                left_out.append(clip)
            elif tree.clip(clip) is not None:
                found.add(clip, (label,), PARTS[part])
            elif tree.clip(str(row["youtube_id"])) is not None:
                found.add(str(row["youtube_id"]), (label,), PARTS[part], (first, last))
            else:
                found.missing.append(clip)
    return Listing(found.clips, frozenset(tables), found.missing, left_out)
