"""A paper's tables made from our figures."""

from __future__ import annotations

import re

from costmodel.errors import OptionError, nearest
from reports.cells import Cell, Paper, Table
from reports.networks import Networks
from reports.papers import paper
from reports.reproduce import Ours, Reproduced


def table_rows(name: str) -> tuple[str, list[str], list[dict[str, object]], list[Reproduced]]:
    """A table of a paper from our figures: title, columns, rows, and the figures behind them.

    `name` is `paper:table`, such as co3d:3. A cell holds our figure to the printed digits; `*` marks one that
    is as published, `!` one of ours that differs from the published.

    Raises:
        OptionError: the paper or the table is not known.
    """
    source, table = find_table(name)
    ours = Ours(source, Networks())
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
    if found.value is None or found.verdict in ("cited", "measured", "open"):
        return f"{found.cell.printed}*"
    return f"{found.shown}!" if found.differs else found.shown


def find_table(name: str, option: str = "--table") -> tuple[Paper, Table]:
    """The paper and the table of `co3d:3`, or of `mine.yaml:1`.

    Raises:
        OptionError: the paper or the table is not known; the message begins with the option.
        SpecError: the paper's file is wrong.
    """
    wanted, colon, label = name.rpartition(":")
    if not colon:
        raise OptionError(f"{option}: {name!r}, expected PAPER:TABLE such as co3d:3")
    try:
        source = paper(wanted)
    except OptionError as error:
        raise OptionError(f"{option}: {error}") from error
    known = {re.sub(r"\W", "", each).lower(): each for each in source.tables}
    key = re.sub(r"\W", "", label).lower()
    if key not in known:
        raise OptionError(f"{option}: {wanted} has no table {label!r}{nearest(label, source.tables)}")
    return source, source.tables[known[key]]
