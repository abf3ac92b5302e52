"""Draws the fronts: the entropy score against multiply-accumulates a frame, and against state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from costmodel.escape import drawing
from reports.drawing import COLOURS, MARKS
from reports.fronts import Found, Point
from reports.labels import Label, place_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = (("MACs per frame", 0), ("state, in numbers kept between frames", 1))


def draw(found: Sequence[Found]) -> Figure:
    """Two panels: lines are the best of each family within a cost, marks its published networks."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter

    figure = Figure(figsize=(9, 10), layout="constrained")
    panels = figure.subplots(2, 1, sharey=True)
    for axes, (title, cost) in zip(panels, PANELS, strict=True):
        for place, each in enumerate(found):
            _family(axes, each, cost, COLOURS[place], MARKS[place])
        axes.set_xscale("log")
        axes.margins(x=0.06, y=0.08)
        axes.set(xlabel=title, ylabel="entropy score, in nats")
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.grid(alpha=0.25)
        _labels(axes, found, cost)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(found), frameon=False)
    return figure


def staircase(points: Iterable[Point], cost: int) -> list[tuple[float, float]]:
    """The largest entropy for at most each cost: where it rises, by rising cost."""
    rises: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda each: (each.costs[cost], -each.entropy)):
        if not rises or point.entropy > rises[-1][1]:
            rises.append((point.costs[cost], point.entropy))
    return rises


def _family(axes: Axes, found: Found, cost: int, colour: str, mark: str) -> None:
    rises = staircase(found.front, cost)
    title = drawing(found.family.title)
    axes.step(*zip(*rises, strict=True), where="post", color=colour, linewidth=1.8, alpha=0.85)
    published = [each.point for each in found.published]
    axes.plot(
        [each.costs[cost] for each in published],
        [each.entropy for each in published],
        mark,
        color=colour,
        markersize=7,
        markeredgecolor="white",
        zorder=4,  # above the labels' white edges
    )
    # an empty one for the legend, of line and mark together
    axes.plot([], [], mark, linestyle="-", color=colour, markersize=7, markeredgecolor="white", label=title)


def _labels(axes: Axes, found: Sequence[Found], cost: int) -> None:
    """Names and accuracies beside the marks."""
    labels = [
        Label(
            each.point.costs[cost],
            each.point.entropy,
            f"{each.label}: {each.top_1}" if each.label and each.top_1 else each.label,
            COLOURS[place],
        )
        for place, one in enumerate(found)
        for each in one.published
    ]
    place_labels(axes, labels, (corner for one in found for corner in staircase(one.front, cost)))
