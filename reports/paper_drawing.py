"""Draws a paper's figure: filled marks where the cost is computed, hollow ones where it is as published."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from costmodel.escape import drawing
from reports.drawing import COLOURS, MARKS
from reports.labels import Label, place_labels
from reports.paper_figures import OWN, PaperFigure, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BETWEEN = 24  # places on a line between two of its points


def draw(figure: PaperFigure) -> Figure:
    """The figure, with a legend outside it and a line that says what each number is."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    canvas = Figure(figsize=(9, 6), layout="constrained")
    axes = canvas.subplots()
    for place, series in enumerate(figure.series):
        _series(axes, series, place)
    if figure.is_log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.margins(x=0.08, y=0.1)
    if not figure.is_log:
        axes.set_xlim(left=0)  # no cost is less
    if figure.alone:
        # on the axis itself: what is not printed has no height
        axes.plot(
            figure.alone,
            [0.012] * len(figure.alone),
            "|",
            color="black",
            markersize=12,
            transform=axes.get_xaxis_transform(),
            label="cost computed, accuracy not printed",
        )
    axes.set(xlabel=drawing(figure.x), ylabel=drawing(figure.y))
    axes.set_title(f"{drawing(figure.title)}\n", loc="left", fontsize=11)
    axes.text(0, 1.012, _told(figure), transform=axes.transAxes, fontsize=8, color="#555555")
    axes.grid(alpha=0.25)
    canvas.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    canvas.draw_without_rendering()  # the layout moves the panel, by which labels are placed
    labels = [
        Label(point.x, point.y, point.label, COLOURS[place % len(COLOURS)])
        for place, series in enumerate(figure.series)
        for point in series.points
    ]
    place_labels(axes, labels, [spot for series in figure.series for spot in _along(series, figure.is_log)])
    return canvas


def _along(series: Series, is_log: bool) -> Iterator[tuple[float, float]]:
    """Places on the line that joins a series, for labels to keep clear of."""
    line = sorted((point.x, point.y) for point in series.points) if series.is_joined else []
    for (x, y), (next_x, next_y) in pairwise(line):
        for share in (place / BETWEEN for place in range(1, BETWEEN)):
            between = x ** (1 - share) * next_x**share if is_log else x + share * (next_x - x)
            yield between, y + share * (next_y - y)


def _told(figure: PaperFigure) -> str:
    """What the numbers are, in one line."""
    points = [point for series in figure.series for point in series.points]
    across = "cost" if figure.cost or any(point.is_computed for point in points) else "speed"
    told = [
        "filled: cost computed" if any(point.is_computed for point in points) else "",
        f"hollow: {across} as published" if any(not point.is_computed for point in points) else "",
        f"{figure.y.partition(' (')[0]} as published",
    ]
    return "; ".join(each for each in told if each)


def _series(axes: Axes, series: Series, place: int) -> None:
    colour, mark = COLOURS[place % len(COLOURS)], MARKS[place % len(MARKS)]
    if series.name == OWN:
        mark = "*"
    if series.is_joined:
        line = sorted((point.x, point.y) for point in series.points)
        axes.plot(*zip(*line, strict=True), color=colour, linewidth=1.2, alpha=0.6)
    for is_computed in (True, False):
        mine = [point for point in series.points if point.is_computed == is_computed]
        axes.plot(
            [point.x for point in mine],
            [point.y for point in mine],
            mark,
            color=colour,
            markerfacecolor=colour if is_computed else "white",
            markersize=9 if series.name == OWN else 6,
        )
    axes.plot([], [], mark, color=colour, label=drawing(series.name))
