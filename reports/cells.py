"""A printed figure of a paper, the tables of such figures, and the papers that have them, as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from costmodel.errors import SpecError
from costmodel.spec.load import Item

# What is said of a figure beside its value, each with one line of reason or source.
CLAIMS = ("refuted", "close", "substituted", "open", "cited", "measured", "implied")
# What weights of one's own are asked for, by the name that an evaluation has for it.
MEASURES = {"top1": "accuracy", "top5": "top5", "mAP": "mean_average_precision"}
UNCOMPUTED = ("open", "cited", "measured", "implied")  # which may stand without a value of ours


@dataclass(frozen=True)
class Cell:
    """One printed figure: a cell of a table, or a statement of the text.

    Args:
        printed: the figure as the paper has it.
        settings: what it is compared with, and what is claimed of it; see `SETTINGS`.
        is_given: an input or a label, shown in its table and never a figure.
    """

    paper: str
    table: str
    row: str
    figure: str
    printed: str
    settings: Mapping[str, Item]
    item: Item
    is_given: bool = False

    @property
    def table_place(self) -> str:
        """The paper and the table, in words."""
        return f"{self.paper}, {self.table if self.table.startswith('text') else f'table {self.table}'}"

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return f"{self.table_place}, {self.row}, {self.figure}"

    def error(self, message: str) -> SpecError:
        """An error that names the row."""
        return self.item.error(f"{self.place}: {message}")

    def text(self, key: str) -> str:
        """A setting as text; empty where there is none."""
        item = self.settings.get(key)
        return "" if item is None or item.value in (None, False) else str(item.value)

    @property
    def claim(self) -> str:
        """Which of the claims is made of the figure; empty for none."""
        return next((claim for claim in CLAIMS if self.text(claim)), "")


@dataclass(frozen=True)
class Table:
    """A table of a paper, or its statements in the text: rows of cells, in the paper's order."""

    paper: str
    name: str
    title: str
    rows: Mapping[str, tuple[Cell, ...]]


@dataclass(frozen=True)
class Paper:
    """A paper: the networks that its figures are about, by the names used there, and its tables.

    Args:
        drawn: the figures that it draws, by their names: what they are made of.
        settings: of all its cells.
    """

    name: str
    source: str
    networks: Mapping[str, Item]
    tables: Mapping[str, Table]
    drawn: Mapping[str, Item]
    settings: Mapping[str, Item]

    @property
    def cells(self) -> Iterator[Cell]:
        """All figures, and the given cells between them."""
        for table in self.tables.values():
            for row in table.rows.values():
                yield from row

    def cell(self, table: str, row: str, figure: str) -> Cell | None:
        """The cell at a place; None where there is none."""
        known = self.tables.get(table)
        cells = known.rows.get(row, ()) if known is not None else ()
        return next((cell for cell in cells if cell.figure == figure), None)
