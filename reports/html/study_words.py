"""Scores, costs and decisions of a search in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.html.searched import Searched

Row = Mapping[str, Any]


def score_text(value: float | None) -> str:
    """A score of few letters."""
    return "-" if value is None else f"{value:.4g}" if abs(value) < 1000 else f"{value:,.1f}"


def error_text(row: Row) -> str:
    """The standard error of a score; empty where it is exact."""
    return f"± {row['error']:.2g}" if row.get("error") else ""


def head(row: Row) -> str:
    """A decision in a line."""
    moved_axis = f" {row['axis']}" if row["axis"] else ""
    return f"step {row['step']}: {row['kind']}{moved_axis}, score {score_text(row['score'])}"


def costs_in(found: Searched) -> list[str]:
    """The costs that candidates differ in, that of the budget first."""
    names = dict.fromkeys([found.cost, *(name for row in found.scored for name in row["costs"])])
    score = found.search["score"]
    return [
        name
        for name in names
        if name != score and len({row["costs"].get(name) for row in found.scored} - {None}) > 1
    ]
