"""Draws cheap scores against training: one panel for each score, one mark for each network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.escape import drawing
from reports.drawing import COLOURS, pictures
from reports.files import write_files
from reports.tables import frame_csv
from search.trials.agreement import Agreement, Ranked

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = 3  # panels in a row
WIDE = 10  # a score whose values lie this many times apart is drawn on a logarithmic axis


def table(networks: Sequence[Ranked]) -> pandas.DataFrame:
    """One row for each network: its sizes, its trained score, and every cheap score."""
    import pandas as pd

    return pd.DataFrame([_row(each) for each in networks])


def _row(network: Ranked) -> dict[str, object]:
    sizes = {name: float(value) for name, value in network.settings.items()}
    trained = {"form": network.form, "trained": network.trained, "trainings": network.trainings}
    return {**sizes, **trained, **network.scores}


def draw(networks: Sequence[Ranked], rows: Sequence[Agreement], title: str) -> Figure:
    """Trained score against each cheap score, the one that ranks best first."""
    from matplotlib.figure import Figure

    down = -(-len(rows) // ACROSS)
    figure = Figure(figsize=(3.4 * min(ACROSS, len(rows)), 2.9 * down + 0.4), layout="constrained")
    # one axis of trained scores for all panels, so that they compare by eye
    panels = figure.subplots(down, min(ACROSS, len(rows)), squeeze=False, sharey=True).flatten()
    for axes, row in zip(panels, rows, strict=False):
        _panel(axes, [each for each in networks if each.form == row["form"]], row)
    for axes in panels[len(rows) :]:
        # the last row of panels may not be full
        axes.set_visible(False)
    figure.supylabel("trained score")
    figure.suptitle(drawing(title))
    return figure


def write(networks: Sequence[Ranked], rows: Sequence[Agreement], name: str, out: Path) -> list[Path]:
    """Writes the networks as CSV, and the drawing; the files' paths.

    Raises:
        OutputError: the folder cannot be written to.
    """
    title = f"{name}: scores that cost nothing, beside training"
    text = frame_csv(table(networks))
    return write_files(
        out, {"agreement.csv": text.encode()} | pictures(draw(networks, rows, title), "agreement")
    )


def _panel(axes: Axes, networks: Sequence[Ranked], row: Agreement) -> None:
    from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

    pairs = [(value, each.trained) for each in networks if (value := each.scores[row["score"]]) is not None]
    values = [value for value, _ in pairs]
    axes.plot(values, [score for _, score in pairs], "o", color=COLOURS[0], alpha=0.6, markersize=4)
    # costs of candidates double from step to step: on a linear axis most would lie in one corner
    if values and min(values) > 0 and max(values) > WIDE * min(values):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.xaxis.set_minor_locator(NullLocator())
    known = row["rank_correlation"]
    axes.set_title("-" if known is None else f"rank correlation {known:z.2f}", fontsize="medium")
    form = "" if row["form"] == "clip" else f", {row['form']}"
    axes.set_xlabel(f"{drawing(row['score']).replace('_', ' ')}{form}")
    axes.grid(alpha=0.3)
