"""Computes the papers' figures anew, judges each, and makes the papers' tables from ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from costmodel.analysis.cost import plain
from costmodel.errors import OptionError, nearest
from costmodel.spec.load import Item
from reports.networks import Networks, NoNetworkError
from reports.papers import Cell, Paper, paper, paper_names
from reports.papers import Table as PaperTable
from reports.printed import Value, agrees, decimals, is_cut_off, number, rounded

VERDICTS = ("exact", "close", "refuted", "open", "cited", "measured", "implied")
COUNTED = VERDICTS[:4]
CLOSE = Fraction(2, 100)  # beyond this, and one unit of the last digit, a figure is not close but unexplained


@dataclass(frozen=True)
class Reproduced:
    """A printed figure, the one that we compute, and a verdict.

    Args:
        value: ours, unrounded: a number in the printed unit, or a shape as text; None where there is none.
        verdict: one of `VERDICTS`.
        reason: why it is not exact, or what an exact one is made of.
    """

    cell: Cell
    value: Value
    verdict: str
    reason: str

    @property
    def difference(self) -> Fraction | None:
        """Ours minus the printed figure; None where they are no numbers."""
        if self.value is None or isinstance(self.value, str):
            return None
        return self.value - number(self.cell.printed)

    @property
    def shown(self) -> str:
        """Ours, to as many digits as are printed; the printed figure where there is none."""
        if self.value is None:
            return self.cell.printed
        if isinstance(self.value, str):
            return self.value
        digits = decimals(self.cell.printed)
        return f"{float(rounded(self.value, digits)):,.{digits}f}"

    @property
    def longer(self) -> str:
        """Ours with more digits than are printed, for a figure that differs."""
        if self.value is None or isinstance(self.value, str | int):
            return f"{self.value:,}" if isinstance(self.value, int) else str(self.value)
        return _short(self.value)

    def as_row(self) -> dict[str, object]:
        """The figure as a row, under the names that other programs rely on."""
        difference = None if self.difference is None else float(self.difference)
        return {
            "paper": self.cell.paper,
            "table": self.cell.table,
            "row": self.cell.row,
            "figure": self.cell.figure,
            "published": self.cell.printed,
            "computed": plain(self.value),
            "verdict": self.verdict,
            "reason": self.reason,
            "unit": self.cell.text("unit"),
            "difference": difference,
            "convention": self.cell.text("convention") if self.value is not None else "",
        }


def reproduce(names: Iterable[str] = ()) -> list[Reproduced]:
    """All figures of the papers, in their order.

    Raises:
        OptionError: a paper is not known.
        SpecError: a row names an unknown spec, option, convention or metric; the message names the row.
    """
    networks = Networks()
    return [found for name in (names or paper_names()) for found in reproduce_paper(paper(name), networks)]


def reproduce_paper(source: Paper, networks: Networks | None = None) -> list[Reproduced]:
    """All figures of one paper, in its order."""
    ours = _Ours(source, networks or Networks())
    return [ours.reproduced(cell) for cell in source.cells if not cell.is_given]


def counts(figures: Iterable[Reproduced]) -> dict[str, int]:
    """How many figures have each verdict."""
    found = dict.fromkeys(VERDICTS, 0)
    for figure in figures:
        found[figure.verdict] += 1
    return found


class _Ours:
    """Our figures for the cells of one paper."""

    def __init__(self, source: Paper, networks: Networks) -> None:
        self.paper = source
        self.networks = networks
        self.values: dict[tuple[str, str, str], Value] = {}

    def reproduced(self, cell: Cell) -> Reproduced:
        missing, value = "", None
        if cell.claim == "implied":
            return Reproduced(cell, None, "implied", self.networks.implied(cell, self.paper.networks))
        try:
            value = self.value(cell)
        except NoNetworkError as error:
            missing = str(error)
        verdict, reason = _verdict(cell, value, missing)
        return Reproduced(cell, value, verdict, reason)

    def value(self, cell: Cell) -> Value:
        """Our figure for a cell; None where nothing is computed."""
        if not cell.text("value"):
            return None
        key = (cell.table, cell.row, cell.figure)
        if key not in self.values:
            operands = {name: self._operand(cell, item) for name, item in self._operands(cell).items()}
            self.values[key] = self.networks.value(cell, self.paper.networks, operands)
        return self.values[key]

    def _operands(self, cell: Cell) -> Mapping[str, Item]:
        item = cell.settings.get("with")
        if item is None:
            return {}
        if not isinstance(item.value, dict):
            raise cell.error("`with` takes names of cells: {name: [table, row, figure]}")
        named: Mapping[str, Item] = item.value
        return named

    def _operand(self, cell: Cell, item: Item) -> Fraction:
        """Another cell's figure, to its digits: ours, or the printed one where that is quoted or open."""
        place = [str(part.value) for part in item.value] if isinstance(item.value, list) else []
        other = self.paper.cell(*place) if len(place) == 3 else None
        if other is None or other.is_given:
            raise cell.error(f"`with` names no figure of the paper: {', '.join(place)}")
        # We have no figure of our own there.
        if other.claim in ("cited", "measured", "open", "implied"):
            return number(other.printed)
        value = self.value(other)
        assert isinstance(value, int | Fraction)
        return rounded(value, decimals(other.printed))


def _verdict(cell: Cell, value: Value, missing: str) -> tuple[str, str]:
    """The verdict on a figure, and its line of reason."""
    claim, said = cell.claim, cell.text("note")
    if claim == "cited":
        return claim, f"quoted from {cell.text(claim)}"
    if claim in ("measured", "open"):
        return claim, cell.text(claim) if cell.text(claim) != "True" else ""
    if missing:
        return "open", missing
    if agrees(cell.printed, value):
        return "exact", said
    if claim == "refuted":
        return claim, cell.text(claim)
    if value is None or isinstance(value, str):
        return "open", f"ours is {value}, unexplained"
    return _not_exact(cell, value)


def _not_exact(cell: Cell, value: Fraction | int) -> tuple[str, str]:
    """Close, or open where the difference is larger than that; with the difference in percent."""
    given = number(cell.printed)
    difference = value - given
    off = f"off by {100 * float(difference / given):+.3g} %" if given else f"off by {float(difference):+.3g}"
    said = cell.text("close") or cell.text("note")
    if is_cut_off(cell.printed, value):
        return "close", f"{cell.text('close') or 'cut off, not rounded'}; {off}"
    if abs(difference) <= max(CLOSE * abs(given), Fraction(1, 10 ** decimals(cell.printed))):
        return "close", f"{said}; {off}" if said else off
    return "open", f"{off}, unexplained"


def _short(value: Fraction | int) -> str:
    return f"{float(value):,.6g}"


def table_rows(name: str) -> tuple[str, list[str], list[dict[str, object]], list[Reproduced]]:
    """A table of a paper from our figures: title, columns, rows, and the figures behind them.

    `name` is `paper:table`, such as co3d:3. A cell holds our figure to the printed digits; `*` marks one that
    is as published, `!` one of ours that differs from the published.

    Raises:
        OptionError: the paper or the table is not known.
    """
    source, table = _find_table(name)
    ours = _Ours(source, Networks())
    figures, rows = [], []
    for label, cells in table.rows.items():
        row: dict[str, object] = {"row": label}
        for cell in cells:
            if cell.is_given:
                row[_heading(cell)] = cell.printed
                continue
            found = ours.reproduced(cell)
            figures.append(found)
            row[_heading(cell)] = _marked(found)
        rows.append(row)
    # Rows of one table may have other cells: all columns, in the order in which they first stand.
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return f"{source.source}, table {table.name}: {table.title}", columns, rows, figures


def _heading(cell: Cell) -> str:
    unit = cell.text("unit")
    return f"{cell.figure} ({unit})" if unit and cell.table != "text" else cell.figure


def _marked(found: Reproduced) -> str:
    if found.verdict in ("cited", "measured", "open", "implied"):
        return f"{found.cell.printed}*"
    return found.shown if found.verdict == "exact" else f"{found.shown}!"


def _find_table(name: str) -> tuple[Paper, PaperTable]:
    wanted, colon, number_of = name.partition(":")
    if not colon:
        raise OptionError(f"--table: {name!r}, expected PAPER:TABLE such as co3d:3")
    if wanted not in paper_names():
        raise OptionError(f"--table: unknown paper {wanted!r}{nearest(wanted, paper_names())}")
    source = paper(wanted)
    known = {re.sub(r"\W", "", each).lower(): each for each in source.tables}
    key = re.sub(r"\W", "", number_of).lower()
    if key not in known:
        raise OptionError(f"--table: {wanted} has no table {number_of!r}{nearest(number_of, source.tables)}")
    return source, source.tables[known[key]]
