"""Speed against lookahead of streams of several frames at a step: the front that a user chooses from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from costmodel.escape import drawing
from reports.drawing import COLOURS, MARKS
from reports.table import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_chunks(rows: Sequence[Row]) -> Figure:
    """Median time of a frame against lookahead, a line for each network and backend, the chunk at each."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axis = figure.subplots()
    steps = [row for row in rows if row["mode"] == "continual"]
    lines = dict.fromkeys((row["spec"], row["backend"]) for row in steps)
    for number, (spec, backend) in enumerate(lines):
        own = [row for row in steps if (row["spec"], row["backend"]) == (spec, backend)]
        own.sort(key=lambda row: int(str(row["lookahead"])))
        places = [(row["lookahead"], row["ms_per_frame"]) for row in own]
        colour, mark = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
        axis.plot(*zip(*places, strict=True), f"{mark}-", color=colour, label=drawing(f"{spec}, {backend}"))
        for row, place in zip(own, places, strict=True):
            axis.annotate(str(row["chunk"]), place, xytext=(4, 5), textcoords="offset points")
    axis.set(xlabel="lookahead (model frames)", ylabel="median time of a frame (ms)", ylim=(0, None))
    axis.set_title("frames at a step: speed against lookahead")
    axis.grid(alpha=0.3)
    axis.legend(frameon=False)
    return figure
