"""Networks side by side as a page: their figures, their times, and two figures against each other."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from costmodel.analysis.metrics import METRICS
from reports.compare import Compared
from reports.compare import page as compared
from reports.html.parts import definitions, shown, title_of
from reports.html.scatter import Axis, Point, Scatter
from reports.html.sections import Drawing, page, section_of
from reports.html.svg import short
from reports.table import Table


def comparison(found: Sequence[Compared], x: str, y: str, command: str) -> bytes:
    """The page.

    Args:
        found: the networks with their figures.
        x: the figure drawn along.
        y: the figure drawn upwards.
        command: the command line that makes it.
    """
    tables = [part for part in compared(found).parts() if isinstance(part, Table)]
    names = [name for name in found[0].totals if name in METRICS]
    rows = [{"network": each.line, **each.totals} for each in found]
    titles = ["Side by side", "Times"]
    abouts = [
        "A column that begins with x gives what a network has over what the first has.",
        tables[1].title,
    ]
    sections = [
        section_of(table, title, about) for table, title, about in zip(tables, titles, abouts, strict=True)
    ]
    drawn = drawing(found, x, y)
    return page(
        f"{len(found)} networks side by side",
        [
            section_of(tables[0], titles[0], abouts[0], [drawn] if drawn else []),
            sections[1],
            section_of(Table(rows, ["network", *names]), "All figures"),
        ],
        command,
        kicker="What video networks cost",
        known=definitions(names),
    )


def drawing(found: Sequence[Compared], x: str, y: str) -> Drawing | None:
    """One figure of each network against another; None where fewer than two have both."""
    points = [
        Point(left, high, 0, title=f"{each.line}: {x} {shown(left)}, {y} {shown(high)}", label=each.line)
        for each in found
        if (left := _finite(each.totals.get(x))) is not None
        and (high := _finite(each.totals.get(y))) is not None
    ]
    if len(points) < 2:
        return None
    along, upwards = (Axis(titled(name), short, is_log=None) for name in (x, y))
    return Drawing(Scatter(points, along, upwards, f"{y} against {x}").svg)


def titled(name: str) -> str:
    """A figure's name with its unit."""
    unit = METRICS[name].unit if name in METRICS else ""
    return f"{title_of(name)}, {unit}" if unit and unit not in title_of(name) else title_of(name)


def _finite(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and isfinite(value) else None
