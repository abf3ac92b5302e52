"""Prints and draws how many frames the clips of an evaluation needed, and what fewer bins would do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from costmodel.escape import drawing
from reports.drawing import COLOURS, pictures
from reports.table import Table
from reports.tables import frame_csv

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from search.train.evaluate import ClipAccuracy
    from search.train.sampled import ActiveBins

Row = Mapping[str, Any]
HISTOGRAM = ("sampler", "active_bins", "clips", "share")
CLASSES = ("class", "clips", "active_bins", "active_bins_error")
AT_BINS = ("bins", "accuracy", "accuracy_error", "active_bins", "macs_per_view")
SHOWN = 5  # classes at either end, as the paper's Table 5


def row_at(bins: int | None, found: ClipAccuracy) -> Row:
    """The accuracy and the mean cost at a number of bins; None: those that it was trained with."""
    assert found.sampled is not None
    return {
        "bins": "own" if bins is None else bins,
        "accuracy": found.accuracy,
        "accuracy_error": found.error,
        "active_bins": found.sampled.mean,
        "macs_per_view": found.macs_per_view,
    }


def tables(found: ClipAccuracy, at_bins: Sequence[Row]) -> list[Table]:
    """Active bins by clip and by class, and accuracy at other numbers of bins."""
    assert found.sampled is not None
    classes = found.sampled.by_class(found.data.validation.labels, found.data.classes)
    ends = classes if len(classes) <= 2 * SHOWN else [*classes[:SHOWN], *classes[-SHOWN:]]
    parts = [
        Table(found.sampled.histogram(), HISTOGRAM, "clips by their active bins"),
        Table(ends, CLASSES, "classes that need the fewest active bins, and the most"),
    ]
    return [*parts, Table(at_bins, AT_BINS, "without training anew")] if len(at_bins) > 1 else parts


def as_json(found: ClipAccuracy, at_bins: Sequence[Row]) -> dict[str, object]:
    """The same, for programs: all classes."""
    assert found.sampled is not None
    return {
        "histogram": found.sampled.histogram(),
        "classes_by_active_bins": found.sampled.by_class(found.data.validation.labels, found.data.classes),
        "at_bins": list(at_bins),
    }


def files_of(name: str, found: ClipAccuracy, at_bins: Sequence[Row]) -> dict[str, bytes]:
    """The histogram as `analyze --active-bins` reads it and as CSV, and the drawing, by name."""
    import pandas as pd

    assert found.sampled is not None
    bins = found.sampled
    csv = frame_csv(pd.DataFrame(bins.histogram(), columns=list(HISTOGRAM)))
    held = {
        "samplers": list(bins.samplers),
        "clips": {
            each: {
                str(row["active_bins"]): row["clips"] for row in bins.histogram() if row["sampler"] == each
            }
            for each in bins.samplers
        },
    }
    files = {"active_bins.json": json.dumps(held, indent=1).encode(), "active_bins.csv": csv.encode()}
    return files | pictures(draw(name, found, at_bins), "active_bins")


def draw(name: str, found: ClipAccuracy, at_bins: Sequence[Row]) -> Figure:
    """The histogram (Fig. 3 there), the classes (Fig. A.5), and accuracy against mean multiply-adds."""
    from matplotlib.figure import Figure

    assert found.sampled is not None
    wide = 3 if len(at_bins) > 1 else 2
    figure = Figure(figsize=(4.6 * wide, 4.2), layout="constrained")
    axes = figure.subplots(1, wide)
    _histogram(axes[0], found.sampled)
    _classes(axes[1], tables(found, at_bins)[1].rows)
    if len(at_bins) > 1:
        _at_bins(axes[2], at_bins)
    figure.suptitle(
        drawing(f"{name}: accuracy {found.accuracy:.1%}, {found.macs_per_view:,} multiply-adds a clip")
    )
    return figure


def _histogram(axis: Axes, bins: ActiveBins) -> None:
    for place, (sampler, colour) in enumerate(zip(bins.samplers, COLOURS, strict=False)):
        rows = [row for row in bins.histogram() if row["sampler"] == sampler]
        # Side by side where there are several pathways.
        width = 0.8 / len(bins.samplers)
        at = [row["active_bins"] + (place - (len(bins.samplers) - 1) / 2) * width for row in rows]
        axis.bar(at, [row["clips"] for row in rows], width, color=colour, label=drawing(sampler))
    axis.set(xlabel="active bins", ylabel="clips", title="clips by their active bins")
    axis.locator_params(axis="x", integer=True)
    axis.legend(fontsize="small", frameon=False)


def _classes(axis: Axes, rows: Sequence[Row]) -> None:
    places = range(len(rows))
    errors = [row["active_bins_error"] or 0 for row in rows]
    axis.barh(places, [row["active_bins"] for row in rows], xerr=errors, color=COLOURS[2])
    axis.set_yticks(places, [drawing(str(row["class"])) for row in rows], fontsize="small")
    axis.set(xlabel="mean of active bins, with standard error", title="classes: the fewest, the most")


def _at_bins(axis: Axes, rows: Sequence[Row]) -> None:
    ordered = sorted(rows, key=lambda row: row["macs_per_view"])
    macs, accuracies = ([row[name] for row in ordered] for name in ("macs_per_view", "accuracy"))
    errors = [100 * row["accuracy_error"] for row in ordered]
    axis.errorbar(macs, [100 * each for each in accuracies], errors, marker="o", capsize=3, color=COLOURS[0])
    for row, x, y in zip(ordered, macs, accuracies, strict=True):
        label = f"{row['bins']} bins"
        axis.annotate(label, (x, 100 * y), xytext=(4, 4), textcoords="offset points", fontsize="small")
    axis.set(
        xlabel="mean multiply-adds of a clip", ylabel="accuracy (%)", title="other bins, without training"
    )
    axis.grid(alpha=0.3)
    axis.margins(x=0.15)
