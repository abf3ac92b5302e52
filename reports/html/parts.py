"""What pages are made of: definitions of figures, tiles, tables that sort and fold."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from costmodel.analysis.metrics import METRICS
from costmodel.readable import figure
from reports.table import Table

if TYPE_CHECKING:
    from markupsafe import Markup


_NUMBER = re.compile(r"[+-]?[\d,]*\.?\d+( ?[A-Za-z%]{0,4})?$")


@dataclass(frozen=True)
class Definition:
    """What a figure is, its unit and where its rule stands."""

    title: str
    meaning: str
    unit: str = ""
    source: str = ""


@dataclass(frozen=True)
class Tile:
    """A figure that matters first: what it is, its value, and what to make of it."""

    title: str
    value: str
    unit: str = ""
    note: str = ""
    term: str = ""


@dataclass(frozen=True)
class Column:
    """A column: its title, the definition of its figure, and whether it holds numbers."""

    title: str
    term: str = ""
    is_number: bool = True


@dataclass(frozen=True)
class PlainRow:
    """A row of a short table, under its own title."""

    title: str
    cells: Sequence[str]
    term: str = ""
    kind: str = ""


@dataclass(frozen=True)
class PlainTable:
    """A short table, in its order."""

    columns: Sequence[Column]
    rows: Sequence[PlainRow]
    caption: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell: its text, and how much of its column's largest value it is where a bar shows that."""

    text: str
    share: float = 0


@dataclass(frozen=True)
class Group:
    """Rows that fold under one line; without a title they stand by themselves."""

    rows: Sequence[Sequence[Cell]]
    title: str = ""
    note: str = ""
    cells: Sequence[Cell] = ()


@dataclass(frozen=True)
class Grid:
    """A long table that sorts, filters, folds and copies."""

    columns: Sequence[Column]
    groups: Sequence[Group]
    title: str
    group_word: str = "group"
    hint: str = "words, such as conv res3"
    is_number: tuple[bool, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_number", tuple(each.is_number for each in self.columns))

    def attributes(self, index: int, cell: Cell) -> Markup:
        """What a cell's tag holds; nothing for most, as a page may have a hundred thousand."""
        from markupsafe import Markup

        if not self.is_number[index]:
            return Markup(" class=s")
        if cell.share:
            return Markup(f' style="--p:{100 * cell.share:.0f}%"')
        return Markup(" class=z" if cell.text == "0" else "")


def definitions(names: Iterable[str]) -> dict[str, Definition]:
    """The definitions of metrics by name."""
    return {
        name: Definition(
            title_of(name),
            " ".join(METRICS[name].meaning.split()),
            METRICS[name].unit,
            METRICS[name].source,
        )
        for name in names
    }


def grid_of(
    rows: Sequence[Mapping[str, object]], columns: Mapping[str, Column], title: str, hint: str = "words"
) -> Grid:
    """Rows under columns by key, as one group."""
    made = [[Cell("" if row.get(key) is None else shown(row[key])) for key in columns] for row in rows]
    return Grid(tuple(columns.values()), [Group(made)], title, hint=hint)


def shown(value: object) -> str:
    """A figure in a cell: whole where it is, else to a tenth where it is large."""
    if isinstance(value, float) and math.isfinite(value) and abs(value) >= 1000 and not value.is_integer():
        return f"{value:,.1f}"
    return figure(value)


def known_columns(table: Table) -> dict[str, Column]:
    """The columns of a report's table: those of numbers told by their values, figures by their names."""
    return {
        name: Column(title_of(name), name if name in METRICS else "", _is_number(table, name))
        for name in table.columns
    }


def title_of(name: str) -> str:
    """A figure's or a column's name in words."""
    return name.replace("_", " ").replace("macs", "MACs")


def _is_number(table: Table, name: str) -> bool:
    """Whether all values of a column that are there are numbers, perhaps with a unit behind."""
    values = [row.get(name) for row in table.rows]
    there = [each for each in values if each is not None and each != ""]
    return bool(there) and all(isinstance(each, int | float) or _NUMBER.match(str(each)) for each in there)
