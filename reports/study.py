"""Draws the trajectory of a search as X3D's Fig. 2: score against cost, all candidates, the chosen path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costmodel.errors import OptionError
from costmodel.escape import drawing
from reports.axes import scale
from reports.drawing import COLOURS, MARKS, pictures
from reports.files import write_files
from reports.labels import Label, place_labels
from reports.tables import csv_text
from search.study.history import decisions_of, moved, searches_of
from search.study.study import Study

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("step", "kind", "axis", "moved", "cost", "ratio", "score", "error", "name", "reason")

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


def draw(decisions: Sequence[Row], options: Row, title: str, is_ended: bool = True) -> Figure:
    """The trajectory: all candidates as marks by axis, the chosen path as a line, the budget, the winner."""
    from matplotlib.figure import Figure

    cost, bound = options["budget"].partition("<=")[0], options.get("bound")
    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.subplots()
    found = points(decisions, cost)
    path = [row for row in decisions if row["kind"] not in ("aside", "stop")]
    aside = [row for row in decisions if row["kind"] == "aside"]
    _marks(axes, found)
    _path(axes, path)
    for row in aside:
        axes.plot(row["cost"], row["score"], marker="*", color="black", markersize=11, linestyle="none")
    if bound is not None:
        axes.axvline(float(Fraction(str(bound))), color="grey", linestyle="--", linewidth=1, label="budget")
    axes.margins(x=0.09, y=0.14)
    # Each step doubles the cost: on this scale steps are equally far apart, as in X3D's Fig. 2.
    scale(axes.xaxis, cost, [row["cost"] for row in (*found, *path)], is_log=True)
    axes.set_ylabel(drawing(f"score: {options['score']}"))
    axes.set_title(drawing(title), loc="left")
    axes.grid(alpha=0.25)
    figure.legend(loc="outside lower left", fontsize=8, frameon=False, ncols=5)
    figure.draw_without_rendering()  # the panel has its final size before labels look for room
    words = [(row, _words(row, is_ended and row is path[-1])) for row in path]
    words += [(row, row["name"] or "aside") for row in aside] + [(row, "") for row in found]
    place_labels(axes, [Label(row["cost"], row["score"], text, "black") for row, text in words], _on(path))
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


def _on(path: Sequence[Row]) -> Iterator[tuple[float, float]]:
    """Points of the path's lines, which labels keep clear of."""
    for one, other in pairwise(path):
        for part in range(1, 40):
            share = part / 40
            cost = one["cost"] ** (1 - share) * other["cost"] ** share  # the scale is logarithmic
            yield cost, one["score"] * (1 - share) + other["score"] * share


def _words(row: Row, is_last: bool) -> str:
    words = " = ".join(each for each in (str(row["axis"] or "start"), row["name"]) if each)
    return f"{words}, the winner" if is_last else words


def write(study: Study, search: int | None, out: Path) -> list[Path]:
    """Writes the trajectory of a search, or of the last one, as PNG, SVG and CSV; the files' paths."""
    found = [row for row in searches_of(study) if search is None or row["search"] == search]
    if not found:
        raise OptionError(f"{study.path}: there is no search {search or ''}".rstrip())
    chosen = found[-1]
    decisions = decisions_of(study, chosen["search"])
    figure = draw(
        decisions,
        chosen["options"],
        f"{study.fact('spec_name')}: {_told(chosen)}",
        chosen["finished"] is not None,
    )
    text = csv_text(trajectory(decisions), COLUMNS)
    return write_files(out, pictures(figure, "trajectory") | {"trajectory.csv": text.encode()})


def _told(search: Row) -> str:
    budget = "" if search["mode"] == "replay" else f", {search['budget']}"
    return f"{search['mode']} by {search['score']}{budget}"
