"""An analysis as Python shows it: a few lines, a table in a notebook, a drawing of its stages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from costmodel import escape
from costmodel.analysis.cost import Analysis
from costmodel.analysis.stages import Stage, stages_of
from costmodel.analysis.temporal import step_types
from costmodel.graph import INPUT
from costmodel.readable import brief

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

MOST_STAGES = 12  # so that all is under twenty lines
# What is drawn beside the multiply-adds: what a stream keeps, of a clip its largest map.
DRAWN = {"continual": "state_floats", "clip": "activation_floats"}
TITLES = {
    "macs": "multiply-adds",
    "state_floats": "numbers kept between frames",
    "activation_floats": "numbers of the largest map",
}


def text(analysis: Analysis) -> str:
    """The totals that matter first, and a line for each stage; at most 20 lines."""
    table = frame(analysis)
    rows = table.head(MOST_STAGES).to_string(index=False)
    more = len(table) - MOST_STAGES
    lines = [*_totals(analysis), *rows.split("\n"), *([f"... and {more} stages more"] if more > 0 else [])]
    return escape.terminal("\n".join(lines))


def html(analysis: Analysis) -> str:
    """The same for a notebook, names escaped."""
    lines = "<br>".join(map(escape.html, _totals(analysis)))
    return f"<p>{lines}</p>{frame(analysis).to_html(index=False, max_rows=MOST_STAGES)}"


def plot(analysis: Analysis, depth: int = 1) -> Figure:
    """The multiply-adds of each stage, beside what it keeps (a stream) or its largest map (a clip).

    Args:
        analysis: the figures of a network.
        depth: how many parts of a layer's name tell stages apart: `res2` with 1, `res2.0` with 2.
    """
    from matplotlib.figure import Figure

    stages = stages_of(analysis.rows, depth)
    names = [escape.drawing(each.name) for each in stages]
    figure = Figure(figsize=(9, 1.2 + 0.28 * len(stages)), layout="constrained")
    for axes, key in zip(figure.subplots(1, 2, sharey=True), ("macs", DRAWN[analysis.mode]), strict=True):
        values = [float(getattr(each, key)) for each in stages]
        bars = axes.barh(range(len(stages)), values, color="#4477aa")
        axes.bar_label(bars, [brief(each) if each else "" for each in values], padding=3, fontsize=8)
        axes.set(xlabel=TITLES[key], xlim=(0, max([*values, 1]) * 1.2))
        axes.xaxis.set_major_formatter(lambda value, _: brief(value))
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_yticks(range(len(stages)), names)
    figure.axes[0].invert_yaxis()  # the first stage on top
    figure.suptitle(escape.drawing(f"{analysis.figures.graph.name}, {analysis.mode}"), fontsize=11)
    return figure


def frame(analysis: Analysis) -> pandas.DataFrame:
    """A row for each stage."""
    import pandas as pd

    return pd.DataFrame([_row(each) for each in stages_of(analysis.rows)])


def _row(stage: Stage) -> dict[str, object]:
    return {
        "stage": stage.name,
        "layers": stage.layers,
        "output": stage.shape,
        "params": brief(stage.params),
        "MACs": brief(stage.macs),
        "state": brief(stage.state_floats),
        "map": brief(stage.activation_floats),
    }


def _totals(analysis: Analysis) -> Iterator[str]:
    graph, totals = analysis.figures.graph, analysis.totals
    per = "a mean frame" if graph.is_stream else "a clip"
    macs = totals["macs_per_frame" if graph.is_stream else "macs_per_clip"]
    yield f"{graph.name}, {analysis.mode}: input {step_types(graph)[INPUT]}"
    yield f"{brief(totals['params'])} parameters; {brief(macs)} multiply-adds for {per}"
    if graph.is_stream:
        kept = brief(totals["state_floats"])
        frames = ", ".join(f"{name} {brief(totals[name])}" for name in ("delay", "lookahead", "warmup"))
        yield f"{kept} numbers kept between frames; {frames} frames"
