"""A paper's accuracies beside those of weights that somebody has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports.cells import Cell, Table
from reports.printed import number
from reports.table import Page
from reports.table import Table as Shown

COLUMNS = ("row", "figure", "published", "measured", "+-", "difference", "of", "weights")
NO_WEIGHTS, NO_NETWORK = "not measured: no weights", "not measured: its network does not come with the tool"
PLACES = 2  # behind the point, as papers print percentages


@dataclass(frozen=True)
class Measured:
    """A printed accuracy, and the one that was measured.

    Args:
        cell: the printed figure, in percent.
        of: what was run, or why nothing was.
        weights: the file; empty for none.
        value: in percent.
        error: its standard error, in percent points.
        videos: how many it was measured on.
        shorter: how many of these are shorter than what the network sees, and were looped or extended.
    """

    cell: Cell
    of: str = NO_WEIGHTS
    weights: str = ""
    value: float | None = None
    error: float | None = None
    videos: int | None = None
    shorter: int = 0

    @property
    def difference(self) -> float | None:
        """What was measured, less what is printed."""
        return None if self.value is None else self.value - float(number(self.cell.printed))

    def as_row(self) -> dict[str, object]:
        """The figure for programs."""
        return {
            "paper": self.cell.paper,
            "table": self.cell.table,
            "row": self.cell.row,
            "figure": self.cell.figure,
            "published": self.cell.printed,
            "measured": _short(self.value),
            "error": _short(self.error),
            "difference": _short(self.difference),
            "of": self.of,
            "videos": self.videos,
            "shorter": self.shorter,
            "weights": self.weights,
        }


def measurable(table: Table) -> Iterator[Cell]:
    """The accuracies of a table that weights of one's own can be held against: those that say how."""
    for cells in table.rows.values():
        yield from (each for each in cells if each.text("measures") and not each.is_given)


def page(found: Sequence[Measured]) -> Page:
    """The accuracies of a table side by side."""
    title = f"{found[0].cell.table_place}: accuracies in percent, printed and measured"
    rows = [_for_a_reader(each) for each in found]
    drop = ("weights", "figure", "difference")
    return Page(
        lambda: {"table": title, "measured": [each.as_row() for each in found]},
        lambda: [Shown(rows, COLUMNS, title, drop)],
        lambda: Shown([each.as_row() for each in found], tuple(found[0].as_row())),
    )


def _for_a_reader(found: Measured) -> dict[str, object]:
    row = found.as_row()
    shorter = f", {found.shorter:,} of them shorter" if found.shorter else ""
    videos = "" if found.videos is None else f", {found.videos:,} videos{shorter}"
    texts = {"measured": _percent(found.value), "+-": _percent(found.error)}
    return row | texts | {"difference": _percent(found.difference), "of": f"{found.of}{videos}"}


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, PLACES) + 0.0  # no -0.0


def _percent(value: float | None) -> str | None:
    short = _short(value)
    return None if short is None else f"{short:.{PLACES}f}"
