"""Prints and draws what sampling by similarity must beat: accuracy against multiply-adds, over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import sqrt
from statistics import fmean, stdev
from typing import TYPE_CHECKING, TypedDict

from costmodel.escape import drawing
from reports.drawing import COLOURS, pictures
from reports.table import Page, Table
from reports.tables import frame_csv

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from search.train.compared import Trial


BRIEF = (
    *("method", "accuracy", "error", "macs", "error_of_macs"),
    *("active_bins", "train_accuracy", "seeds", "seconds"),
)
LEAST = ("seconds", "train_accuracy", "error_of_macs", "seeds")  # what a narrow terminal does without


class MethodRow(TypedDict):
    """A contender over its seeds; errors are s / sqrt(seeds), None of one seed."""

    method: str
    accuracy: float
    accuracy_error: float | None
    macs: float
    macs_error: float | None
    active_bins: float
    train_accuracy: float
    seeds: int
    seconds: float


def summary(trials: Sequence[Trial]) -> list[MethodRow]:
    """A row for each contender, in the order in which they were trained."""
    by_method: dict[str, list[Trial]] = {}
    for trial in trials:
        by_method.setdefault(trial.method, []).append(trial)
    return [_row(method, mine) for method, mine in by_method.items()]


def page(trials: Sequence[Trial]) -> Page:
    """The means of each contender over its seeds; CSV and JSON hold every trial."""
    rows = summary(trials)
    every = [asdict(trial) for trial in trials]
    flat = [{name: value for name, value in row.items() if not isinstance(value, Mapping)} for row in every]
    return Page(
        lambda: {"methods": rows, "trials": every},
        lambda: [Table(_brief(rows), BRIEF, "sampling by similarity, and what it must beat", drop=LEAST)],
        lambda: Table(flat, tuple(flat[0])),
    )


def _brief(rows: Sequence[MethodRow]) -> list[dict[str, object]]:
    """Rows for a person, who finds each error beside what it is of."""
    return [{**row, "error": row["accuracy_error"], "error_of_macs": row["macs_error"]} for row in rows]


def files_of(name: str, trials: Sequence[Trial]) -> dict[str, bytes]:
    """Every trial as CSV, and the drawing, by name."""
    import pandas as pd

    table = pd.DataFrame([asdict(trial) for trial in trials]).drop(columns=["histogram", "classes"])
    return {"sampling.csv": frame_csv(table).encode()} | pictures(draw(name, summary(trials)), "sampling")


def draw(name: str, rows: Sequence[MethodRow]) -> Figure:
    """Accuracy against mean multiply-adds, each contender with its standard errors."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.5, 4.8), layout="constrained")
    axis = figure.subplots()
    for place, row in enumerate(rows):
        axis.errorbar(
            row["macs"],
            100 * row["accuracy"],
            100 * (row["accuracy_error"] or 0),
            row["macs_error"] or 0,
            marker="os^D"[place // len(COLOURS)],
            linestyle="none",
            capsize=3,
            color=COLOURS[place % len(COLOURS)],
            label=drawing(row["method"]),
        )
    axis.set(xlabel="mean multiply-adds of a clip", ylabel="accuracy (%)", ylim=(0, None))
    seeds = max(row["seeds"] for row in rows)
    axis.set_title(drawing(f"{name}: frames behind a stage, means and standard errors of {seeds} seeds"))
    axis.grid(alpha=0.3)
    axis.legend(fontsize="small", frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def _row(method: str, trials: Sequence[Trial]) -> MethodRow:
    accuracy, accuracy_error = _mean([trial.accuracy for trial in trials])
    macs, macs_error = _mean([trial.macs for trial in trials])
    return {
        "method": method,
        "accuracy": accuracy,
        "accuracy_error": accuracy_error,
        "macs": macs,
        "macs_error": macs_error,
        "active_bins": fmean(trial.active_bins for trial in trials),
        "train_accuracy": fmean(trial.train_accuracy for trial in trials),
        "seeds": len(trials),
        "seconds": fmean(trial.seconds for trial in trials),
    }


def _mean(values: Sequence[float]) -> tuple[float, float | None]:
    return fmean(values), stdev(values) / sqrt(len(values)) if len(values) > 1 else None
