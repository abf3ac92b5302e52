"""Charts of a search: its way through the candidates, scores over costs, how candidates learned."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

from costmodel.analysis.metrics import METRICS
from reports.html.curves import curve_of, draw
from reports.html.parts import title_of
from reports.html.scatter import Axis, Point, Scatter
from reports.html.searched import Searched
from reports.html.study_words import error_text, head, score_text
from reports.html.svg import short
from reports.study import points
from search.study.history import Row

if TYPE_CHECKING:
    from markupsafe import Markup


def path_chart(found: Searched) -> Markup:
    """Every candidate by cost and score, the way through them, the budget and the winner."""
    axes = {name: place for place, name in enumerate(_axes(found))}
    tried = points(found.decisions, found.cost)
    marks = [
        Point(
            each["cost"],
            each["score"],
            axes[each["axis"]],
            title=f"step {each['step']}, {each['axis']}: {found.shown_cost(each['cost'])}, "
            f"score {score_text(each['score'])}",
            is_faint=True,
        )
        for each in tried
        if each["score"] is not None
    ]
    way = [row for row in found.path if row["score"] is not None]
    marks += [
        Point(
            row["cost"],
            row["score"],
            axes.get(row["axis"] or "start", 0),
            row["error"] or 0,
            head(row),
            "winner" if is_last and not found.is_running else str(row["name"] or row["axis"] or "start"),
            is_ringed=is_last,
        )
        for row, is_last in zip(way, _is_last(way), strict=True)
    ]
    limit = None if found.budget is None else (found.budget, f"budget {found.shown_cost(found.budget)}")
    places = list(range(len(marks) - len(way), len(marks)))
    title = f"{title_of(found.cost)}, {found.unit}" if found.unit else title_of(found.cost)
    x = Axis(title, is_log=None)
    return Scatter(
        marks,
        x,
        Axis(f"score: {found.search['score']}", _mark),
        "The search's trajectory",
        places,
        limit=limit,
    ).svg


def _is_last(rows: Sequence[Row]) -> list[bool]:
    return [place == len(rows) - 1 for place in range(len(rows))]


def _axes(found: Searched) -> list[str]:
    """The axes of candidates in the order in which they come up."""
    return list(dict.fromkeys(each["axis"] for each in points(found.decisions, found.cost)))


def series(found: Searched) -> list[tuple[int, str]]:
    """The axes that candidates were moved along, by the number of their mark."""
    return list(enumerate(_axes(found)))


def cost_chart(found: Searched, name: str) -> Markup | None:
    """Score over one cost with error bars; the front is joined by a line."""
    rows = [row for row in found.scored if isinstance(row["costs"].get(name), int | float)]
    rows = [row for row in rows if isfinite(row["costs"][name])]
    if len(rows) < 2:
        return None
    best = None if found.winner is None else found.winner["candidate"]
    marks = [
        Point(
            row["costs"][name],
            row["score"],
            0,
            row["error"] or 0,
            f"{found.changed(row)}: {short(row['costs'][name])}, "
            f"score {score_text(row['score'])} {error_text(row)}",
            "winner" if row["candidate"] == best and not found.is_running else "",
            is_ringed=row["candidate"] == best,
            is_faint=row["candidate"] not in found.chosen,
        )
        for row in rows
    ]
    unit = METRICS[name].unit if name in METRICS else ""
    x = Axis(f"{title_of(name)}, {unit}" if unit else title_of(name), is_log=None)
    return Scatter(
        marks, x, Axis("score", _mark), f"Score over {name}", front(marks), width=540, height=330
    ).svg


def _mark(value: float) -> str:
    return f"{value:,.4g}"


def front(marks: Sequence[Point]) -> list[int]:
    """The places of points that no other beats in both, by cost."""
    found: list[int] = []
    for place in sorted(range(len(marks)), key=lambda each: (marks[each].x, -marks[each].y)):
        if not found or marks[place].y > marks[found[-1]].y:
            found.append(place)
    return found


def curves(found: Searched) -> list[Markup]:
    """How candidates learned, where they were trained."""
    best = None if found.winner is None else found.winner["candidate"]
    drawn = []
    for key, title in (("train_loss", "loss in training"), ("train_accuracy", "accuracy in training")):
        lines = [
            curve_of(
                row["log"],
                key,
                found.changed(row),
                is_chosen=row["candidate"] in found.chosen,
                is_winner=row["candidate"] == best,
            )
            for row in found.candidates
        ]
        there = [line for line in lines if line is not None]
        drawn += [draw(there, title)] if there else []
    return drawn
