"""Networks side by side: one table, with ratios to the first, and one drawing of two of their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from costmodel.analysis.cost import Analysis, analyze
from costmodel.analysis.metrics import METRICS
from costmodel.errors import OptionError, nearest
from costmodel.network import Network
from reports.axes import drawn_value, scale
from reports.table import Page, Row, Table
from reports.tables import figure, rounded
from reports.times import times

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The figures that are worth a ratio, and what a column of a terminal calls each.
COSTS = {
    "macs_per_frame": "MACs/frame",
    "state_bytes": "state",
    "activation_bytes": "activations",
    "params": "params",
    "macs_worst_step": "worst step",
    "macs_per_clip": "MACs/clip",
}
TIMES = {
    "delay": "delay",
    "lookahead": "lookahead",
    "receptive_field": "field",
    "warmup": "warm-up",
}
FIGURES = {**COSTS, **TIMES}
# The costs whose ratio to the first network is shown, by the column that shows it.
RATIOS = {
    "macs_per_frame": "x MACs",
    "state_bytes": "x state",
    "activation_bytes": "x activations",
    "params": "x params",
}
# A narrow terminal keeps what a stream is chosen by: its work, its state, how late it answers.
LEAST_COLUMNS = (
    *("x activations", "x params", "MACs/clip", "worst step", "field", "activations", "params", "lookahead"),
    *("warm-up", "x state"),
)
SHEET = ("network", "mode", *FIGURES, *(f"{name}_ratio" for name in RATIOS))


@dataclass(frozen=True)
class Compared:
    """A network of a comparison: the command line that gives it, and its figures."""

    line: str
    mode: str
    totals: Mapping[str, object]
    analysis: Analysis | None = None

    @classmethod
    def of(cls, network: Network, dtype: str = "fp32", fps: float | None = None) -> Compared:
        """The figures of a network.

        Raises:
            CostModelError: there is no such network.
        """
        found = analyze(network.graph(), dtype=dtype, fps=fps)
        return cls(network.flags, found.mode, found.totals, found)

    def ratios_to(self, first: Compared) -> dict[str, float | None]:
        """Each cost over the same of another network; None where that has none."""
        return {name: _ratio(self.totals[name], first.totals[name]) for name in RATIOS}


def page(found: Sequence[Compared]) -> Page:
    """The comparison: a row for each network."""
    first = found[0]
    rows = [
        {"network": each.line, "mode": each.mode, **each.totals, "ratios": each.ratios_to(first)}
        for each in found
    ]
    columns = ["network"]
    for name, title in FIGURES.items():
        columns += [title, RATIOS[name]] if name in RATIOS else [title]
    shown = Table(
        [_shown(each, first) for each in found],
        columns,
        "side by side; x: times the first network",
        drop=[each for each in LEAST_COLUMNS if each in columns],
    )
    sheet = [
        {**row, **{f"{name}_ratio": value for name, value in each.ratios_to(first).items()}}
        for row, each in zip(rows, found, strict=True)
    ]
    timed = times([(each.line, each.analysis) for each in found if each.analysis is not None], "network")
    return Page(lambda: {"networks": rows}, lambda: [shown, timed], lambda: Table(sheet, SHEET))


def _shown(each: Compared, first: Compared) -> Row:
    row: dict[str, object] = {"network": each.line}
    ratios = each.ratios_to(first)
    for name, title in FIGURES.items():
        row[title] = short(name, each.totals[name])
        if name in RATIOS:
            ratio = ratios[name]
            row[RATIOS[name]] = None if ratio is None else f"{ratio:.3g}"
    return row


def short(name: str, value: object) -> str:
    """A figure of a metric for a person, of few letters."""
    unit = METRICS[name].unit if name in METRICS else ""
    if name.endswith("_bytes"):
        unit = "bytes"
    return rounded(value, unit) or figure(value)


def _ratio(value: object, first: object) -> float | None:
    if not (isinstance(value, int | float) and isinstance(first, int | float)):
        return None
    return float(value) / float(first) if first and isfinite(value) and isfinite(first) else None


def draw(found: Sequence[Compared], x: str, y: str) -> Figure:
    """One figure of each network against another, a mark each; logarithmic where they lie far apart.

    Raises:
        OptionError: there is no such figure, or no network has both.
    """
    from matplotlib.figure import Figure

    from costmodel.escape import drawing
    from reports.drawing import COLOURS, MARKS

    points = [(each, drawn_value(x, each.totals[x]), drawn_value(y, each.totals[y])) for each in found]
    there = [(each, left, low) for each, left, low in points if left is not None and low is not None]
    if not there:
        raise OptionError(f"--x {x} --y {y}: no network here has both")
    # short names stand in three columns below, command lines under each other
    columns = 3 if max(len(each.line) for each, _, _ in there) < 25 else 1
    drawn = Figure(figsize=(8, 5 + 0.22 * -(-len(there) // columns)), layout="constrained")
    axes = drawn.subplots()
    for place, (each, left, low) in enumerate(there):
        axes.plot(
            [left],
            [low],
            MARKS[(place + place // len(COLOURS)) % len(MARKS)],  # no pair of colour and mark twice
            color=COLOURS[place % len(COLOURS)],
            markersize=9,
            label=drawing(each.line),
        )
    scale(axes.xaxis, x, [left for _, left, _ in there])
    scale(axes.yaxis, y, [low for _, _, low in there])
    axes.margins(0.1)
    axes.grid(alpha=0.25)
    drawn.legend(loc="outside lower left", frameon=False, ncols=columns)
    return drawn


def check_figures(found: Sequence[Compared], names: Sequence[str]) -> None:
    """Refuses names that are no figures, before anything is drawn.

    Raises:
        OptionError: one is not; names the nearest.
    """
    known = {name for each in found for name, value in each.totals.items() if not isinstance(value, str)}
    for name in names:
        if name not in known:
            raise OptionError(f"{name}: no figure of a network{nearest(name, known)}")
