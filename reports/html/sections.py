"""Pages of sections, each with drawings and tables: what most reports are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.html.frame import render
from reports.html.parts import Definition, Grid, Tile, grid_of, known_columns
from reports.html.scatter import SERIES, shape
from reports.table import Table

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class Drawing:
    """A drawing under its own title, with what its marks stand for."""

    svg: Markup
    title: str = ""
    marks: Sequence[str] = ()
    about: str = ""

    @property
    def legend(self) -> list[tuple[int, Markup, str]]:
        """Each series' colour, mark and name."""
        from markupsafe import Markup

        return [(place % SERIES, Markup(shape(place, 7, 7)), name) for place, name in enumerate(self.marks)]


@dataclass(frozen=True)
class Section:
    """A part of a page: what it is about, its drawings, its table."""

    title: str
    about: str = ""
    drawings: Sequence[Drawing] = ()
    grid: Grid | None = None

    @property
    def anchor(self) -> str:
        """Its place in the page's address."""
        return "".join(each if each.isalnum() else "-" for each in self.title.lower())


def section_of(table: Table, title: str, about: str = "", drawings: Sequence[Drawing] = ()) -> Section:
    """A section of a table of any report."""
    return Section(title, about, drawings, grid_of(table.rows, known_columns(table), title))


def page(
    title: str,
    sections: Sequence[Section],
    command: str,
    *,
    kicker: str = "",
    lead: str = "",
    tiles: Sequence[Tile] = (),
    notes: Sequence[str] = (),
    known: Mapping[str, Definition] | None = None,
) -> bytes:
    """A page of sections.

    Args:
        title: its heading.
        sections: its parts.
        command: the command line that makes it.
        kicker: what stands above the heading.
        lead: what stands below it.
        tiles: figures that matter first.
        notes: what a reader must know.
        known: definitions of figures.
    """
    definitions = dict(known or {})
    anchors = [(each.anchor, each.title) for each in sections]
    anchors += [("definitions", "Definitions")] if definitions else []
    content: Mapping[str, object] = {
        "title": title,
        "kicker": kicker,
        "lead": lead,
        "sections": anchors,
        "command": command,
        "parts_of_page": sections,
        "tiles": tiles,
        "notes": notes,
        "known": definitions,
    }
    return render("sections.html", content)
