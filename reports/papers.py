"""The papers' printed figures, `specs/published/*.yaml`: each with its place and what is claimed of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from costmodel.errors import OptionError, SpecError, nearest
from costmodel.spec.document import shipped_folder
from costmodel.spec.load import Item, read
from costmodel.transforms import TRANSFORMS

# What is said of a figure beside its value, each with one line of reason or source.
CLAIMS = ("refuted", "close", "open", "cited", "measured", "implied")
SETTINGS = ("value", "network", "convention", "layers", "with", "note", "unit", "given", *CLAIMS)
ROW_KEYS = ("row", "printed", "figure", *SETTINGS)
TABLE_KEYS = ("table", "title", "columns", "rows", *SETTINGS)
COLUMN_KEYS = ("figure", *SETTINGS)
_OPTIONS = (each.name for kind in TRANSFORMS.values() for each in kind.options())
NETWORK_KEYS = ("spec", "variant", "set", *TRANSFORMS, *_OPTIONS, "layers", "open")
PAPER_KEYS = ("paper", "source", "networks", "tables", *SETTINGS)
NONE = ("-", "N/A")
_NUMBER = re.compile(r"[~<>]?[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
_SHAPE = re.compile(r"\d+(x\d+(\^2)?)+")


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
    def place(self) -> str:
        """Where it stands, in words."""
        where = self.table if self.table.startswith("text") else f"table {self.table}"
        return f"{self.paper}, {where}, {self.row}, {self.figure}"

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
    """A paper: the networks that its figures are about, by the names used there, and its tables."""

    name: str
    source: str
    networks: Mapping[str, Item]
    tables: Mapping[str, Table]

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


def paper_names() -> tuple[str, ...]:
    """The papers whose figures come with the tool."""
    return tuple(sorted(name for name in _files() if name))


@cache
def paper(name: str) -> Paper:
    """The figures of a paper.

    Raises:
        OptionError: the paper is not known.
        SpecError: its file is wrong; the message names the row.
    """
    files = _files()
    if name not in files:
        raise OptionError(f"unknown paper {name!r}{nearest(name, files)}")
    return read_paper(read(files[name]))


@cache
def _files() -> Mapping[str, Path]:
    """The files that hold printed figures; others beside them hold something else."""
    found = {path.stem: path for path in (shipped_folder() / "published").glob("*.yaml")}
    return {
        # By its text alone: parsing every file would take longer than most commands do.
        name: path
        for name, path in found.items()
        if re.search(r"^paper:", path.read_text("utf-8"), re.M)
    }


def read_paper(root: Item) -> Paper:
    """The figures of a document.

    Raises:
        SpecError: the document is wrong; the message names the row.
    """
    values = _mapping(root, PAPER_KEYS)
    name = str(values["paper"].value)
    networks = dict(values["networks"].value) if "networks" in values else {}
    for item in networks.values():
        _mapping(item, NETWORK_KEYS)
    tables = {}
    for item in values["tables"].value:
        table = _table(name, item, _settings(values))
        if table.name in tables:
            raise item.error(f"table {table.name} stands twice")
        tables[table.name] = table
    return Paper(name, str(values["source"].value), networks, tables)


def _mapping(item: Item, known: tuple[str, ...]) -> dict[str, Item]:
    if not isinstance(item.value, dict):
        raise item.error(f"{item.kind}, expected a mapping")
    for key, value in item.value.items():
        if key not in known:
            raise value.error(f"unknown key {key!r}{nearest(key, known)}")
    return dict(item.value)


def _settings(values: Mapping[str, Item]) -> dict[str, Item]:
    return {key: item for key, item in values.items() if key in SETTINGS}


def _over(outer: Mapping[str, Item], inner: Mapping[str, Item]) -> dict[str, Item]:
    """Inner settings over outer ones; a claim takes the place of any other claim."""
    # a figure is refuted or quoted, never both, so that the nearest claim replaces any other
    claims = [key for key in inner if key in CLAIMS]
    return {key: item for key, item in outer.items() if not (claims and key in CLAIMS)} | dict(inner)


def _table(paper: str, item: Item, outer: Mapping[str, Item]) -> Table:
    values = _mapping(item, TABLE_KEYS)
    name = str(values["table"].value)
    outer = _over(outer, _settings(values))
    columns = (
        [_mapping(column, COLUMN_KEYS) for column in values["columns"].value] if "columns" in values else []
    )
    for column in columns:
        if str(column["figure"].value) in (*ROW_KEYS, *SETTINGS):
            raise column["figure"].error(f"table {name}: a row has a key of that name, expected another")
    rows: dict[str, tuple[Cell, ...]] = {}
    for row in values["rows"].value:
        keys = (*ROW_KEYS, *(str(column["figure"].value) for column in columns))
        found = _mapping(row, keys)
        label = str(found["row"].value) if "row" in found else ""
        if not label:
            raise row.error(f"table {name}: a row without its label `row`")
        cells = _cells(paper, name, label, found, row, columns, outer)
        known = {cell.figure for cell in rows.get(label, ())}
        if known & {cell.figure for cell in cells}:
            raise row.error(f"table {name}, {label}: stands twice")
        rows[label] = (*rows.get(label, ()), *cells)
    title = str(values["title"].value) if "title" in values else ""
    return Table(paper, name, title, rows)


def _cells(
    paper: str,
    table: str,
    label: str,
    row: Mapping[str, Item],
    item: Item,
    columns: list[dict[str, Item]],
    outer: Mapping[str, Item],
) -> tuple[Cell, ...]:
    """The cells of a row: one for each column, or the one figure of a statement."""
    place = f"{paper}, table {table}, {label}"
    printed = row.get("printed", item)
    if not isinstance(printed.value, str):
        raise printed.error(f"{place}: {printed.kind}, expected the figure as printed, in quotes")
    # one text a row, quoted: YAML would drop the zeros at the end of 1.50, and they say how exact it is
    texts = printed.value.split()
    columns = columns or [{"figure": row.get("figure", row["row"])}]
    if len(texts) != len(columns):
        raise printed.error(f"{place}: {len(texts)} figures for {len(columns)} columns")
    cells = []
    for text, column in zip(texts, columns, strict=True):
        figure = str(column["figure"].value)
        own = _mapping(row[figure], SETTINGS) if figure in row and figure not in SETTINGS else {}
        settings = _over(_over(_over(outer, _settings(column)), _settings(row)), own)
        if "measured" in column and not own:  # what a quoted row measured is measured all the same
            settings = _over(settings, {"measured": column["measured"]})
        cell = Cell(paper, table, label, figure, text, settings, printed)
        cells.append(_checked(replace(cell, is_given=bool(cell.text("given")) or text in NONE)))
    return tuple(cells)


def _checked(cell: Cell) -> Cell:
    if cell.is_given:
        return cell
    if not _NUMBER.fullmatch(cell.printed) and not _SHAPE.fullmatch(cell.printed):
        raise cell.error(
            f"{cell.printed!r} is no figure, expected one such as 4,970,008 or ~23 or 16x112x112"
        )
    if not cell.text("value") and cell.claim not in ("open", "cited", "measured", "implied"):
        raise cell.error(
            "nothing to compare with, expected `value`, or one of open, cited, measured, implied"
        )
    return cell
