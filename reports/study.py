"""Draws the trajectory of a search as X3D's Fig. 2: score against cost, all candidates, the chosen path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costmodel.errors import OptionError
from costmodel.escape import drawing
from reports.drawing import COLOURS, pictures
from reports.files import write_files
from reports.tables import csv_text
from search.study.history import decisions_of, moved, searches_of
from search.study.study import Study

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("step", "kind", "axis", "moved", "cost", "ratio", "score", "error", "name", "reason")
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")  # for each axis, beside its colour

Row = Mapping[str, Any]


def trajectory(decisions: Sequence[Row]) -> list[Row]:
    """One row for each decision: what moved, its cost and that over the step before, its score."""
    rows: list[Row] = []
    path: Row | None = None
    for decision in decisions:
        wanted = ("step", "kind", "axis", "cost", "score", "error", "name", "reason")
        row = {key: decision[key] for key in wanted}
        row["moved"] = "" if path is None else moved(path, decision)
        row["ratio"] = decision["cost"] / path["cost"] if path and path["cost"] else None
        rows.append(row)
        # The next step goes on from the path, not from the network aside of it.
        path = path if decision["kind"] == "aside" else decision
    return rows


def points(decisions: Sequence[Row], cost: str) -> list[Row]:
    """Every candidate that was scored, by step: its axis, cost and score, and whether it was chosen."""
    found = []
    for decision in decisions:
        # it takes no step: its network is a point of an earlier one already
        if decision["kind"] == "stop":
            continue
        found += [
            _point(decision, option, option["costs"][cost])
            for option in decision["options"]
            if option["score"] is not None and option["costs"] and option["costs"].get(cost) is not None
        ]
        if not any(option["score"] is not None for option in decision["options"]):  # a replayed step
            found.append(_point(decision, decision, decision["cost"]))
    return found


def _point(decision: Row, option: Row, cost: float) -> Row:
    return {
        "step": decision["step"],
        "axis": option["axis"] or "start",
        "cost": cost,
        "score": option["score"],
        "chosen": option["network"] == decision["network"] and option["axis"] in (decision["axis"], "start"),
    }


def table(decisions: Sequence[Row]) -> pandas.DataFrame:
    """The trajectory as a table."""
    import pandas as pd

    return pd.DataFrame(trajectory(decisions), columns=list(COLUMNS))


def draw(decisions: Sequence[Row], options: Row, title: str) -> Figure:
    """The trajectory: all candidates as marks by axis, the chosen path as a line with its axes."""
    from matplotlib.figure import Figure

    cost = options["budget"].partition("<=")[0]
    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.subplots()
    _marks(axes, points(decisions, cost))
    _path(axes, [row for row in decisions if row["kind"] not in ("aside", "stop")])
    for row in decisions:
        if row["kind"] == "aside":
            axes.plot(row["cost"], row["score"], marker="*", color="black", markersize=11, linestyle="none")
            _label(axes, row, row["name"] or "aside", -14)
    # Each step doubles the cost: on this scale steps are equally far apart, as in X3D's Fig. 2.
    axes.set_xscale("log")
    axes.margins(x=0.09, y=0.14)
    axes.set_xlabel(drawing(cost).replace("_", " "))
    axes.set_ylabel(drawing(f"score: {options['score']}"))
    axes.set_title(drawing(title), loc="left")
    axes.grid(alpha=0.25)
    axes.legend(loc="lower right", fontsize=8, frameon=False)
    return figure


def _marks(axes: Axes, found: Sequence[Row]) -> None:
    names = list(dict.fromkeys(point["axis"] for point in found if point["axis"] != "start"))
    for index, name in enumerate(names):
        # marks beside colours, so that axes are told apart in print and by colour-blind readers too
        mine = [point for point in found if point["axis"] == name]
        axes.plot(
            [point["cost"] for point in mine],
            [point["score"] for point in mine],
            linestyle="none",
            marker=MARKS[index % len(MARKS)],
            color=COLOURS[index % len(COLOURS)],
            markersize=6,
            alpha=0.75,
            label=drawing(name),
        )


def _path(axes: Axes, path: Sequence[Row]) -> None:
    axes.plot(
        [row["cost"] for row in path],
        [row["score"] for row in path],
        color="black",
        linewidth=1.2,
        zorder=1,
        label="chosen",
    )
    for row in path:
        # rings, not discs: the candidate's own mark shows through
        axes.plot(row["cost"], row["score"], marker="o", markersize=11, fillstyle="none", color="black")
        _label(axes, row, _words(row), 9)


def _words(row: Row) -> str:
    axis = row["axis"] or "start"
    return f"{axis} = {row['name']}" if row["name"] else str(axis)


def _label(axes: Axes, row: Row, text: str, above: int) -> None:
    axes.annotate(
        drawing(text),
        (row["cost"], row["score"]),
        textcoords="offset points",
        xytext=(-2, above),
        ha="left" if above > 0 else "center",
        # labels of steps near each other would overlap if they lay flat
        rotation=38 if above > 0 else 0,
        rotation_mode="anchor",
        fontsize=7.5,
        bbox={"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none", "alpha": 0.75},
    )


def write(study: Study, search: int | None, out: Path) -> list[Path]:
    """Writes the trajectory of a search, or of the last one, as PNG, SVG and CSV; the files' paths."""
    found = [row for row in searches_of(study) if search is None or row["search"] == search]
    if not found:
        raise OptionError(f"{study.path}: there is no search {search or ''}".rstrip())
    chosen = found[-1]
    decisions = decisions_of(study, chosen["search"])
    figure = draw(decisions, chosen["options"], f"{study.fact('spec_name')}: {_told(chosen)}")
    text = csv_text(trajectory(decisions), COLUMNS)
    return write_files(out, pictures(figure, "trajectory") | {"trajectory.csv": text.encode()})


def _told(search: Row) -> str:
    budget = "" if search["mode"] == "replay" else f", {search['budget']}"
    return f"{search['mode']} by {search['score']}{budget}"
