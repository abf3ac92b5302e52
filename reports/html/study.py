"""The page of a search: what it found, how it came there and why, and what that cost."""

from __future__ import annotations

from collections.abc import Mapping

from costmodel.analysis.metrics import METRICS
from reports.html.frame import render
from reports.html.parts import Definition, Tile, definitions, title_of
from reports.html.scatter import shape
from reports.html.searched import Searched
from reports.html.study_charts import cost_chart, curves, path_chart, series
from reports.html.study_tables import candidates, options, price, steps
from reports.html.study_words import costs_in, error_text, head, score_text


def page(found: Searched, command: str, *, renews: int | None = None) -> bytes:
    """The page of a search.

    Args:
        found: the search.
        command: the command line that makes the page.
        renews: seconds after which a browser reads it again while the search goes on.
    """
    sections = {
        "path": "Trajectory",
        "why": "Why",
        "costs": "Costs",
        "candidates": "Candidates",
        "price": "Price",
    }
    costs = [name for name in costs_in(found) if name in METRICS]
    content: Mapping[str, object] = {
        "title": f"{found.spec}: {found.search['mode']} by {found.search['score']}",
        "kicker": found.file,
        "lead": _lead(found),
        "sections": [*sections.items(), ("definitions", "Definitions")],
        "command": command,
        "known": definitions(costs) | _words(found),
        "tiles": tiles(found),
        "notes": _notes(found),
        "path": path_chart(found) if found.decisions else None,
        "series": series(found),
        "shape": shape,
        "steps": steps(found),
        "reasons": [(head(row), options(row, found)) for row in found.decisions if row["options"]],
        "costs": [(name, chart) for name in costs_in(found) if (chart := cost_chart(found, name))],
        "curves": curves(found),
        "candidates": candidates(found),
        "price": price(found),
    }
    return render("study.html", content, renews=renews if found.is_running else None)


def _lead(found: Searched) -> str:
    budget = "" if found.search["mode"] == "replay" else f" within {found.search['options']['budget']}"
    limits = f" and {', '.join(map(str, found.search['limits']))}" if found.search["limits"] else ""
    state = "The search has not ended" if found.is_running else "The search has ended"
    return f"Which network is best{budget}{limits}? {state}, after {len(found.decisions)} decisions."


def _notes(found: Searched) -> list[str]:
    if found.winner is None:
        return ["no step is decided yet"]
    return [] if found.is_running else [f"ended: {found.winner['reason']}"]


def _words(found: Searched) -> dict[str, Definition]:
    """What the columns of a search mean."""
    score = METRICS.get(found.search["score"])
    meaning = (
        score.meaning
        if score
        else "What candidates are compared by; of trained ones the accuracy on videos held out."
    )
    return {
        "score": Definition(f"score: {found.search['score']}", meaning, score.unit if score else ""),
        "error": Definition("error", "The standard error of a score; none where it is exact."),
        "ratio": Definition("ratio", "A step's cost over that of the step before."),
        "status": Definition("status", "Whether a candidate was scored, or every attempt failed."),
    }


def tiles(found: Searched) -> list[Tile]:
    """The figures that matter first."""
    winner = found.winner
    failed = sum(row["status"] == "failed" for row in found.candidates)
    tried = Tile(
        "Candidates",
        f"{len(found.candidates):,}",
        "",
        f"{failed} failed" if failed else "none failed",
        "status",
    )
    spent = Tile(
        "Took",
        *_duration(sum(row["seconds"] for row in found.candidates)),
        "of work, all candidates together",
    )
    if winner is None:
        return [tried, spent]
    title = "Best so far" if found.is_running else "Winner's score"
    score = Tile(
        title, score_text(winner["score"]), error_text(winner), f"by {found.search['score']}", "score"
    )
    budget = "no budget" if found.budget is None else f"of {found.shown_cost(found.budget)} allowed"
    value, _, unit = found.shown_cost(winner["cost"]).partition(" ")
    return [score, Tile(title_of(found.cost), value, unit, budget, found.cost), tried, spent]


def _duration(seconds: float) -> tuple[str, str]:
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f}", unit
    return f"{seconds:.1f}", "s"
