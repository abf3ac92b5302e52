"""Lines over training: how each candidate learned, those on the path before the others."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from reports.html.scatter import scale
from reports.html.svg import Panel, drawing, number, tag

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH, HEIGHT = 540, 320
LEFT, RIGHT, TOP, BOTTOM = 58, 524, 44, 262


@dataclass(frozen=True)
class Curve:
    """One candidate's values by epoch, whether it was chosen, and what it is."""

    epochs: Sequence[float]
    values: Sequence[float]
    title: str
    is_chosen: bool = False
    is_winner: bool = False


def curve_of(log: str, key: str, title: str, *, is_chosen: bool, is_winner: bool) -> Curve | None:
    """The curve of one column of a candidate's log; None where it has none."""
    found = []
    for row in csv.DictReader(io.StringIO(log)):
        try:
            pair = (float(row["epoch"]), float(row[key]))
        except (KeyError, TypeError, ValueError):  # a log of something else than epochs
            continue
        if all(map(isfinite, pair)):
            found.append(pair)
    if not found:
        return None
    epochs, values = zip(*found, strict=True)
    return Curve(epochs, values, title, is_chosen, is_winner)


def draw(curves: Sequence[Curve], y_title: str) -> Markup:
    """The curves, the winner's on top."""
    x = scale([each for curve in curves for each in curve.epochs], LEFT, RIGHT, False)
    y = scale([each for curve in curves for each in curve.values], BOTTOM, TOP, False)
    whole = sorted({epoch for curve in curves for epoch in curve.epochs if float(epoch).is_integer()})
    marks = whole[:: -(-len(whole) // 8)]
    parts = Panel(x, y, "epoch", y_title, x_marks=marks).axes()
    for curve in sorted(curves, key=lambda each: (each.is_winner, each.is_chosen)):
        kind = "curve winner" if curve.is_winner else "curve chosen" if curve.is_chosen else "curve"
        places = [f"{number(x(a))} {number(y(b))}" for a, b in zip(curve.epochs, curve.values, strict=True)]
        # a training of one epoch has a point and no line
        d = f"M{'L'.join(places)}" if len(places) > 1 else f"M{places[0]}h.01"
        parts.append(tag("path", tag("title", curve.title), d=d, class_=kind))
    return drawing(parts, WIDTH, HEIGHT, f"{y_title} by epoch", "half")
