"""Rows as a table for people, as JSON, CSV or Markdown for programs."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
SUFFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def figure(value: Any) -> str:
    """A figure for a person: thousands apart, `unbounded` for infinity, `-` for what does not apply."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if math.isinf(value):
            return "unbounded"
        return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def rounded(value: Any, unit: str = "") -> str:
    """A large figure with an SI suffix, bytes in KiB and MiB; empty where it would say nothing new."""
    if not isinstance(value, int | float) or math.isinf(value) or abs(value) < 1000:
        return ""
    if unit == "bytes":
        return f"{value / 2**20:,.2f} MiB" if abs(value) >= 2**20 else f"{value / 2**10:,.1f} KiB"
    size, suffix = next((size, suffix) for size, suffix in SUFFIXES if abs(value) >= size)
    return f"{value / size:.3g} {suffix}{unit if unit == 'MAC' else ''}"


def plain_json(value: Any) -> str:
    """JSON of a value; unbounded figures are null."""
    return json.dumps(_finite(value), indent=2)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isinf(value) or math.isnan(value) else value
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value


def csv_text(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """Rows as CSV with a header."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(row.get(key)) for key in columns} for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        return "unbounded"
    return "" if value is None else value


def markdown(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """Rows as a Markdown table, numbers to the right."""
    cells = [[figure(row.get(key)).replace("|", "\\|") for key in columns] for row in rows]
    numeric = [_is_numeric(row[index] for row in cells) for index in range(len(columns))]
    lines = [columns, ["--:" if right else "---" for right in numeric], *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def table(rows: Iterable[Row], columns: Sequence[str], title: str = "") -> str:
    """Rows as aligned text: lines and colour on a terminal, plain when not."""
    cells = [[figure(row.get(key)) for key in columns] for row in rows]
    numeric = [_is_numeric(row[index] for row in cells) for index in range(len(columns))]
    headings = [column.replace("_", " ") for column in columns]
    if sys.stdout.isatty():
        return _rich(cells, headings, numeric, title)
    return _plain(cells, headings, numeric, title)


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


def _rich(cells: list[list[str]], headings: list[str], numeric: list[bool], title: str) -> str:
    from rich.console import Console
    from rich.table import Table

    drawn = Table(title=title or None, title_justify="left")
    for heading, right in zip(headings, numeric, strict=True):
        drawn.add_column(heading, justify="right" if right else "left", overflow="fold")
    for row in cells:
        drawn.add_row(*row)
    console = Console()
    with console.capture() as captured:
        console.print(drawn)
    return captured.get()


def _is_numeric(column: Iterable[str]) -> bool:
    known = [cell for cell in column if cell not in ("", "-", "unbounded")]
    return bool(known) and all(cell[0].isdigit() or cell[0] == "-" for cell in known)
