"""Tables and pages of tables, which commands and reports make and print in any of the formats.

Nothing else knows formats. What loads a library, or takes long to make, is made where its format is wanted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii
from typing import Protocol

from costmodel.escape import terminal

Row = Mapping[str, object]


class Shown(Protocol):
    """A part of a page."""

    def render(self, format: str) -> str:
        """Its text in a format; empty where it has none."""


@dataclass(frozen=True)
class Table:
    """Rows under named columns.

    Args:
        rows: a value for each column that applies.
        columns: the names of the columns, in their order.
        title: the line above it.
        drop: what a narrow terminal leaves out first.
    """

    rows: Sequence[Row]
    columns: Sequence[str]
    title: str = ""
    drop: Sequence[str] = ()

    def render(self, format: str = "table") -> str:
        """The table in one of `FORMATS`."""
        return FORMATS[format](self)


@dataclass(frozen=True)
class Text:
    """Lines of their own between tables, by format; there are none in a format that is not named."""

    forms: Mapping[str, Callable[[], str]]

    @classmethod
    def of(cls, text: str, *formats: str) -> Text:
        """The same lines in some formats, in a terminal where none is named."""
        return cls(dict.fromkeys(formats or ("table",), lambda: text))

    def render(self, format: str) -> str:
        """The lines in a format; for a terminal, without what would move its cursor."""
        text = self.forms[format]() if format in self.forms else ""
        return terminal(text) if format == "table" else text


@dataclass(frozen=True)
class Page:
    """What a command prints.

    Args:
        data: what programs read as JSON.
        parts: tables and lines for a person.
        sheet: the one table of CSV; the first of the parts where it is None.
        document: the parts of a document (Markdown, LaTeX) where they differ from those of a terminal.
    """

    data: Callable[[], object]
    parts: Callable[[], Sequence[Shown]]
    sheet: Callable[[], Table] | None = None
    document: Callable[[], Sequence[Shown]] | None = None

    def render(self, format: str = "table", heading: Callable[[], Row] = dict) -> str:
        """The page in one of `FORMATS`.

        Args:
            format: which one.
            heading: the keys that stand ahead of its own in JSON; a list then stands under `rows`.
        """
        if format == "json":
            data, ahead = self.data(), heading()
            keys = data if isinstance(data, Mapping) else {"rows": data}
            return plain_json({**ahead, **keys} if ahead else data) + "\n"
        if format == "csv":
            return self.table().render(format)
        parts = (self.document if self.document and format != "table" else self.parts)()
        # a part without text in this format leaves no empty line either
        return "\n".join(text for part in parts if (text := part.render(format)))

    def table(self) -> Table:
        """The one table of CSV."""
        return self.sheet() if self.sheet else next(part for part in self.parts() if isinstance(part, Table))


def page_of(table: Table, data: Callable[[], object] | None = None) -> Page:
    """A page of one table; its JSON is its rows unless it says otherwise."""
    return Page(data or (lambda: table.rows), lambda: [table])


def plain_json(value: object) -> str:
    """JSON of a value, indented by two; unbounded figures are null."""
    return _json_lines(value, "\n")


def _json_lines(value: object, line: str) -> str:
    """JSON of a value that stands at an indent; `line` begins a new one there."""
    # By hand: given an indent, `json` takes five times as long, which was a tenth of all that `analyze` does.
    if type(value) is str:
        return encode_basestring_ascii(value)
    if type(value) is int:
        return str(value)
    # JSON has neither infinity nor NaN; json.dumps would write words that no other reader takes.
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    inner = f"{line}  "
    if isinstance(value, Mapping):
        items = [f"{_json_key(key)}: {_json_lines(each, inner)}" for key, each in value.items()]
        return f"{{{inner}{f',{inner}'.join(items)}{line}}}" if items else "{}"
    if isinstance(value, list | tuple):
        items = [_json_lines(each, inner) for each in value]
        return f"[{inner}{f',{inner}'.join(items)}{line}]" if items else "[]"
    return json.dumps(value)


def _json_key(key: object) -> str:
    return encode_basestring_ascii(key if isinstance(key, str) else json.dumps(key))


def _terminal(table: Table) -> str:
    from reports import tables  # no part of JSON's way

    return tables.table(table.rows, table.columns, table.title, drop=table.drop)


def _csv(table: Table) -> str:
    from reports import tables

    return tables.csv_text(table.rows, table.columns)


def _markdown(table: Table) -> str:
    from reports import tables

    return tables.markdown(table.rows, table.columns)


def _latex(table: Table) -> str:
    from reports import tables

    return tables.latex(table.rows, table.columns)


def _json(table: Table) -> str:
    return plain_json(table.rows) + "\n"


FORMATS: Mapping[str, Callable[[Table], str]] = {
    "table": _terminal,
    "json": _json,
    "csv": _csv,
    "md": _markdown,
    "latex": _latex,
}


def whole(tables: Iterable[Table]) -> list[Shown]:
    """The tables that have rows."""
    return [each for each in tables if each.rows]
