"""Tables of a search: its steps, what each had to choose from, all candidates, and what it cost."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from costmodel.analysis.metrics import METRICS
from reports.html.parts import Column, Grid, PlainRow, PlainTable, grid_of, title_of
from reports.html.searched import Searched
from reports.html.study_words import costs_in, error_text, score_text
from reports.html.svg import TIMES, short
from reports.study import trajectory
from search.problem.steps import Considered
from search.study.history import Row


def steps(found: Searched) -> PlainTable:
    """The decisions: what moved, what it costs and scores, and why."""
    columns = [
        Column("step", is_number=False),
        Column("decision", is_number=False),
        Column("what changed", is_number=False),
        Column(title_of(found.cost), found.cost if found.cost in METRICS else ""),
        Column("ratio", "ratio"),
        Column("score", "score"),
        Column("why", is_number=False),
    ]
    rows = []
    for row in trajectory(found.decisions):
        decision = f"{row['kind']} {row['axis'] or ''} {row['name'] or ''}".strip()
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f} {TIMES}"
        score = f"{score_text(row['score'])} {error_text(row)}".strip()
        cells = [decision, row["moved"], found.shown_cost(row["cost"]), ratio, score, row["reason"]]
        rows.append(PlainRow(str(row["step"]), cells))
    if rows and not found.is_running:
        last = rows[-1]
        rows[-1] = PlainRow(last.title, last.cells, kind="strong")
    return PlainTable(columns, rows)


def options(row: Row, found: Searched) -> PlainTable:
    """What a step had to choose from, and why each was taken or left."""
    columns = ["axis", "value", title_of(found.cost), "score", "why"]
    rows = []
    for option in row["options"]:
        cost = (option.get("costs") or {}).get(found.cost)
        is_chosen = option["network"] == row["network"] and option["axis"] in (row["axis"], "start")
        title = Considered(option["axis"], form=option.get("form", {})).title
        cells = [
            _value(option["value"]),
            found.shown_cost(cost),
            f"{score_text(option['score'])} {error_text(option)}".strip(),
        ]
        why = option["reason"] or option["note"] or ("chosen" if is_chosen else "")
        rows.append(PlainRow(title, [*cells, why], kind="strong" if is_chosen else ""))
    kinds = [False, True, True, True, False]
    return PlainTable([Column(name, is_number=kind) for name, kind in zip(columns, kinds, strict=True)], rows)


def _value(value: object) -> str:
    if value is None:
        return ""
    return f"{float(Fraction(str(value))):.6g}"


def candidates(found: Searched) -> Grid:
    """All candidates: what changed from the start, scores, costs, and what they took."""
    costs = costs_in(found)
    columns = {
        "changed": Column("what changed from the start", is_number=False),
        "score_name": Column("score by", is_number=False),
        "score": Column("score", "score"),
        "error": Column("error", "error"),
        **{name: Column(title_of(name), name if name in METRICS else "") for name in costs},
        "seconds": Column("seconds"),
        "attempts": Column("attempts"),
        "status": Column("status", "status", is_number=False),
        "reason": Column("reason", is_number=False),
    }
    rows = [
        {
            **row,
            **{name: row["costs"].get(name) for name in costs},
            "changed": found.changed(row),
            "seconds": round(row["seconds"], 2),
            "reason": row["reason"] or "",
        }
        for row in found.candidates
    ]
    return grid_of(rows, columns, "candidates", "words, such as failed")


def price(found: Searched) -> PlainTable:
    """What the search cost."""
    columns = [Column("score by", is_number=False), *map(Column, ("candidates", "failed", "attempts"))]
    columns += [Column("seconds of work"), Column("multiply-adds of training")]
    rows = []
    for name in dict.fromkeys(row["score_name"] for row in found.candidates):
        own = [row for row in found.candidates if row["score_name"] == name]
        counts = [
            len(own),
            sum(row["status"] == "failed" for row in own),
            sum(row["attempts"] for row in own),
        ]
        spent = [
            f"{sum(row['seconds'] for row in own):,.1f}",
            short(sum(row["training_macs"] for row in own)),
        ]
        rows.append(PlainRow(str(name), [*(f"{each:,}" for each in counts), *spent]))
    begun, ended = found.search["started"], found.search["finished"]
    caption = f"begun {_moment(begun)}" + (f", ended {_moment(ended)}" if ended else ", not ended")
    return PlainTable(columns, rows, caption)


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%d %B %Y, %H:%M UTC")
