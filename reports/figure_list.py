"""Figures of papers as a reader sees them: a table, or in a terminal a short paragraph for each."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from shutil import get_terminal_size
from textwrap import wrap

from costmodel.escape import terminal
from reports.reproduce import Reproduced, counts
from reports.table import Row, Table
from reports.verdicts import COUNTED, VERDICTS

COLUMNS = ("paper", "table", "row", "figure", "published", "computed", "verdict", "reason")
COUNT_COLUMNS = ("paper", "counted", *VERDICTS)
INDENT = max(map(len, VERDICTS)) + 4


@dataclass(frozen=True)
class FigureList:
    """Figures, each with its verdict and reason.

    A terminal has no room for sentences beside six columns: there each figure has lines of its own.
    """

    figures: Sequence[Reproduced]

    def render(self, format: str) -> str:
        """Its text in a format."""
        if format == "table" and sys.stdout.isatty():
            return terminal("\n".join(_lines(self.figures, get_terminal_size().columns)) + "\n")
        return Table([_row(each) for each in self.figures], COLUMNS).render(format)


@dataclass(frozen=True)
class CountList:
    """How many figures of each paper have each verdict: a row for each paper, in a terminal a column."""

    figures: Sequence[Reproduced]

    def render(self, format: str) -> str:
        """Its text in a format."""
        rows = count_rows(self.figures)
        if format != "table" or not sys.stdout.isatty():
            return Table(rows, COUNT_COLUMNS).render(format)
        papers = [str(row["paper"]) for row in rows]
        turned = [
            {"verdict": name} | {str(row["paper"]): row[name] for row in rows} for name in COUNT_COLUMNS[1:]
        ]
        return Table(turned, ("verdict", *papers)).render(format)


def count_rows(figures: Sequence[Reproduced]) -> list[Row]:
    """How many figures of each verdict, by paper and in total."""
    papers = list(dict.fromkeys(figure.cell.paper for figure in figures))
    rows: list[Row] = []
    for name in [*papers, "total"] if len(papers) > 1 else papers:
        # the last row has them all
        found = counts(figure for figure in figures if name in ("total", figure.cell.paper))
        rows.append({"paper": name, "counted": sum(found[each] for each in COUNTED), **found})
    return rows


def _row(figure: Reproduced) -> Mapping[str, object]:
    """A row for a reader: with units, and ours to the printed digits or more where they differ."""
    return figure.as_row() | {"published": _published(figure), "computed": _computed(figure)}


def _lines(figures: Sequence[Reproduced], width: int) -> Iterator[str]:
    for number, (place, group) in enumerate(groupby(figures, lambda each: each.cell.table_place)):
        yield from [""] * (number > 0)
        yield place
        for figure in group:
            ours = _computed(figure)
            said = f"{figure.cell.row}, {figure.cell.figure}: {_published(figure)}"
            beside = "" if ours is None else ", ours is the same" if not figure.differs else f", ours {ours}"
            first = f"  {figure.verdict}".ljust(INDENT)
            yield from wrap(said + beside, width, initial_indent=first, subsequent_indent=" " * INDENT)
            yield from wrap(figure.reason, width, initial_indent=" " * INDENT, subsequent_indent=" " * INDENT)


def _published(figure: Reproduced) -> str:
    return f"{figure.cell.printed} {figure.cell.text('unit')}".strip()


def _computed(figure: Reproduced) -> str | None:
    # what agrees as printed, others with the digits by which they differ
    return None if figure.value is None else figure.longer if figure.differs else figure.shown
