"""Rows as aligned text, CSV, Markdown or LaTeX; `reports.table` says which is wanted where."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from costmodel import escape
from costmodel.errors import one_line
from costmodel.readable import figure as figure  # as of tables, which is where they stand
from costmodel.readable import rounded as rounded

if TYPE_CHECKING:
    import pandas

Row = Mapping[str, object]
NARROWEST_PROSE = 30
# A number, or several as of a shape (3x16x112x112), and its unit: more words make a sentence or a name.
NUMBER = re.compile(r"[+-]*\d[\d,.]*(e[+-]?\d+)?(x\d+)*([%a-zA-Z/]{0,8}| \S+)")


def csv_text(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """Rows as CSV with a header."""
    import csv
    import io

    out = io.StringIO()
    # "\n", where csv writes "\r\n" by itself; rows may hold more keys than columns are wanted
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(row.get(key)) for key in columns} for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, float) and math.isinf(value):
        return "inf"  # a number to whoever reads CSV, so that the column is one of numbers
    return "" if value is None else escape.csv_cell(value)


def frame_csv(frame: pandas.DataFrame) -> str:
    """A data frame as CSV with a header, without its index."""
    # numbers cannot be formulas of a spreadsheet, and stay numbers for pandas to write
    text = frame.select_dtypes(exclude="number").columns
    plain = frame.assign(**{str(name): frame[name].map(escape.csv_cell) for name in text})
    return plain.to_csv(index=False)


def markdown(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """Rows as a Markdown table, numbers to the right."""
    cells = [[_markdown_cell(row.get(key)) for key in columns] for row in rows]
    numeric = [_is_numeric(row[index] for row in cells) for index in range(len(columns))]
    lines = [columns, ["--:" if right else "---" for right in numeric], *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _markdown_cell(value: object) -> str:
    """A cell; what is written as Markdown already may still hold the bar that ends a cell."""
    text = figure(value)
    return text.replace("|", "\\|") if isinstance(text, escape.Markup) else escape.markdown(text)


def latex(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """Rows as a tabular of the package booktabs, which a remark names, numbers to the right."""
    cells = [[figure(row.get(key)) for key in columns] for row in rows]
    numeric = [_is_numeric(row[index] for row in cells) for index in range(len(columns))]
    heading = [column.replace("_", " ") for column in columns]
    lines = [" & ".join(map(escape.latex, line)) + r" \\" for line in [heading, *cells]]
    ruled = [r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"]
    form = "".join("r" if right else "l" for right in numeric)
    begin = [r"% \usepackage{booktabs}", rf"\begin{{tabular}}{{{form}}}"]
    return "\n".join([*begin, *ruled, r"\end{tabular}"]) + "\n"


def table(rows: Iterable[Row], columns: Sequence[str], title: str = "", *, drop: Sequence[str] = ()) -> str:
    """Rows as aligned text: ruled and as wide as the terminal on one, plain and whole when not.

    In a narrow terminal columns are left out, those of `drop` first, then from the right; a line says which.
    """
    rows, title = list(rows), one_line(title)
    # For a file or a pipe nothing is cut or wrapped: whoever reads it may want all of it.
    if not sys.stdout.isatty():
        return _plain(*_cells(rows, columns), title)
    from shutil import get_terminal_size
    from textwrap import fill

    width = get_terminal_size().columns
    shown = _that_fit(rows, columns, [each for each in drop if each in columns], width)
    # a column without a heading, such as of bars, has no name to tell
    left_out = [column.replace("_", " ") for column in columns if column.strip() and column not in shown]
    told = f"left out in {width} columns: {', '.join(left_out)}; --format md has all"
    wider = f"{fill(told, width, break_on_hyphens=False)}\n" if left_out else ""
    return _rich(*_cells(rows, shown), title, width) + wider


def _cells(rows: Sequence[Row], columns: Sequence[str]) -> tuple[list[list[str]], list[str], list[bool]]:
    """The cells, the headings, and which columns are numbers."""
    cells = [[one_line(figure(row.get(key))) for key in columns] for row in rows]
    numeric = [_is_numeric(row[index] for row in cells) for index in range(len(columns))]
    return cells, [column.replace("_", " ") for column in columns], numeric


def _that_fit(rows: Sequence[Row], columns: Sequence[str], drop: Sequence[str], width: int) -> list[str]:
    """The columns that a terminal has room for; a column of prose may wrap, all others stay whole."""
    cells, headings, numeric = _cells(rows, columns)
    needs = {
        column: max(len(heading), *(len(row[index]) for row in cells), 1)
        for index, (column, heading) in enumerate(zip(columns, headings, strict=True))
    }
    for column, is_number in zip(columns, numeric, strict=True):
        if not is_number and any(row.get(column) and " " in figure(row[column]) for row in rows):
            # Sentences wrap; names and numbers that wrap cannot be read or copied.
            needs[column] = min(needs[column], NARROWEST_PROSE)
    shown = list(columns)
    for column in (*drop, *(each for each in reversed(columns[1:]) if each not in drop)):
        if sum(needs[each] + 3 for each in shown) - 1 <= width:
            break
        shown.remove(column)
    return shown


def _plain(cells: list[list[str]], headings: list[str], numeric: list[bool], title: str) -> str:
    widths = [max(len(row[index]) for row in [headings, *cells]) for index in range(len(headings))]

    def line(row: list[str]) -> str:
        aligned = (
            cell.rjust(w) if right else cell.ljust(w)
            for cell, w, right in zip(row, widths, numeric, strict=True)
        )
        return "  ".join(aligned).rstrip()

    lines = [line(headings), "  ".join("-" * width for width in widths), *map(line, cells)]
    return "\n".join(([title] if title else []) + lines) + "\n"


def _rich(cells: list[list[str]], headings: list[str], numeric: list[bool], title: str, width: int) -> str:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text  # a plain text is read as rich's own markup

    drawn = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for index, (heading, right) in enumerate(zip(headings, numeric, strict=True)):
        is_prose = not right and any(" " in row[index] for row in cells)
        drawn.add_column(
            Text(heading), justify="right" if right else "left", no_wrap=not is_prose, overflow="ellipsis"
        )
    for row in cells:
        drawn.add_row(*map(Text, row))
    console = Console(width=width)
    with console.capture() as captured:
        if title:  # a title of the table's own would wrap at the width of its columns
            console.print(Text(title, style="italic"))
        console.print(drawn)
    return captured.get()


def _is_numeric(column: Iterable[str]) -> bool:
    known = [cell for cell in column if cell not in ("", "-", "unbounded")]
    return bool(known) and all(map(NUMBER.fullmatch, known))
