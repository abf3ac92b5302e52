"""The papers' printed figures, `specs/published/*.yaml`: each with its place and what is claimed of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from costmodel.errors import OptionError, nearest
from costmodel.spec.document import shipped_folder
from costmodel.spec.load import Item, read
from costmodel.transforms import TRANSFORMS
from reports.cells import CLAIMS, MEASURES, UNCOMPUTED, Cell, Paper, Table
from reports.printed import is_number, is_shape

SETTINGS = (
    *(
        "value",
        "network",
        "convention",
        "layers",
        "with",
        "instead",
        "note",
        "unit",
        "given",
        "measures",
        "clips",
    ),
    *CLAIMS,
)
ROW_KEYS = ("row", "printed", "figure", *SETTINGS)
TABLE_KEYS = ("table", "title", "columns", "rows", *SETTINGS)
COLUMN_KEYS = ("figure", *SETTINGS)
_OPTIONS = (each.name for kind in TRANSFORMS.values() for each in kind.options())
NETWORK_KEYS = ("spec", "variant", "set", *TRANSFORMS, *_OPTIONS, "layers", "open")
PAPER_KEYS = ("paper", "source", "networks", "tables", "figures", *SETTINGS)
FIGURE_KEYS = ("figure", "title", "x", "y", "log", "of", "series", "alone", "cost", "scale", "none")
NONE = ("-", "N/A")


def paper_names() -> tuple[str, ...]:
    """The papers whose figures come with the tool."""
    return tuple(sorted(name for name in _files() if name))


@cache
def paper(name: str) -> Paper:
    """The figures of a paper that comes with the tool, or of a file of the same form.

    Raises:
        OptionError: the paper is not known.
        SpecError: its file is missing or wrong; the message names the row.
    """
    if name.endswith((".yaml", ".yml")):
        return read_paper(read(Path(name)))
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
    drawn = {}
    for item in values["figures"].value if "figures" in values else ():
        drawn[str(_mapping(item, FIGURE_KEYS)["figure"].value)] = item
    return Paper(name, str(values["source"].value), networks, tables, drawn, _settings(values))


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
    if not is_number(cell.printed) and not is_shape(cell.printed):
        raise cell.error(
            f"{cell.printed!r} is no figure, expected one such as 4,970,008 or ~23 or 16x112x112"
        )
    measures = cell.text("measures")
    if measures and measures not in MEASURES:
        raise cell.error(f"measures: unknown {measures!r}{nearest(measures, MEASURES)}")
    if not cell.text("value") and cell.claim not in UNCOMPUTED:
        raise cell.error(
            "nothing to compare with, expected `value`, or one of open, cited, measured, implied"
        )
    return cell
