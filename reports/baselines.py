"""Draws searches beside each other: the best score of each under every seed, and under fresh seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.escape import drawing
from reports.drawing import COLOURS, pictures
from reports.files import write_files
from reports.tables import frame_csv
from search.trials.baselines import Trial, summary

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

APART = 0.17  # between the two marks of a method


def table(trials: Sequence[Trial]) -> pandas.DataFrame:
    """One row for each trial."""
    import pandas as pd

    return pd.DataFrame([asdict(trial) for trial in trials])


def draw(trials: Sequence[Trial], name: str) -> Figure:
    """One line for each method, the best on top: a mark for each seed, and a bar at their mean."""
    from matplotlib.figure import Figure

    # matplotlib counts upwards, so the best one has to be the last
    rows = summary(trials)[::-1]
    figure = Figure(figsize=(8, 1.8 + 0.42 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(rows):
        mine = [trial for trial in trials if trial.method == row["method"]]
        _marks(axes, place + APART, [trial.score for trial in mine], "o", COLOURS[0])
        _marks(axes, place - APART, [each.fresh for each in mine if each.fresh is not None], "D", COLOURS[3])
    axes.set_yticks(range(len(rows)), [drawing(row["method"]) for row in rows])
    axes.set(xlabel="score", ylim=(-0.6, len(rows) - 0.4))
    axes.set_title(drawing(f"{name}: searches at the same training cost and final budget"), loc="left")
    axes.grid(axis="x", alpha=0.3)
    labels = ("best under a seed, and the mean", "its network under fresh seeds")
    for mark, colour, label in zip("oD", (COLOURS[0], COLOURS[3]), labels, strict=True):
        # an empty line for the legend, where each mark would stand once a method otherwise
        axes.plot([], [], mark, color=colour, label=label)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, frameon=False, fontsize="small")
    return figure


def write(trials: Sequence[Trial], name: str, out: Path) -> list[Path]:
    """Writes the trials as CSV, and their drawing; the files' paths.

    Raises:
        OutputError: the folder cannot be written to.
    """
    text = frame_csv(table(trials))
    return write_files(out, {"baselines.csv": text.encode()} | pictures(draw(trials, name), "baselines"))


def _marks(axes: Axes, height: float, scores: Sequence[float], mark: str, colour: str) -> None:
    if not scores:
        return
    axes.plot(scores, [height] * len(scores), mark, color=colour, markersize=6, alpha=0.75)
    axes.plot([sum(scores) / len(scores)] * 2, [height - APART, height + APART], color=colour, linewidth=2)
