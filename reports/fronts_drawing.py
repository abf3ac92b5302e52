"""Draws the fronts: the entropy score against multiply-accumulates a frame, and against state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from costmodel.escape import drawing
from reports.drawing import COLOURS, MARKS
from reports.fronts import Found, Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = (("MACs per frame", 0), ("state, in numbers kept between frames", 1))
# Half a mark in either direction, a letter and a line, in shares of a panel.
MARK = (0.007, 0.014)
LETTER, LINE = 0.0076, 0.034
DISTANCES = (1.4, 2.2, 3.2, 4.5)  # of a label from its mark, in half marks

Box = tuple[float, float, float, float]  # left, low, right, high


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
    """Names and accuracies beside the marks, each where it covers least of marks, lines and other labels."""
    from matplotlib.patheffects import withStroke

    marked = [(each, COLOURS[place]) for place, one in enumerate(found) for each in one.published]
    spots = [_spot(axes, each.point.costs[cost], each.point.entropy) for each, _ in marked]
    taken = [(x - MARK[0], y - MARK[1], x + MARK[0], y + MARK[1]) for x, y in spots]
    for one in found:
        corners = (_spot(axes, *corner) for corner in staircase(one.front, cost))
        taken += [(x - MARK[0] / 2, y - MARK[1] / 2, x + MARK[0] / 2, y + MARK[1] / 2) for x, y in corners]
    for (each, colour), spot in zip(marked, spots, strict=True):
        if not each.label:
            continue
        text = drawing(f"{each.label}: {each.top_1}" if each.top_1 else each.label)
        box = min(_boxes(spot, LETTER * len(text)), key=lambda one: _covered(one, taken))
        taken.append(box)
        label = axes.text(*box[:2], text, transform=axes.transAxes, va="bottom", fontsize=8, color=colour)
        # over a line it stays readable
        label.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def _boxes(spot: tuple[float, float], wide: float) -> Iterator[Box]:
    """Where a label may stand beside its mark: right, left, above, below, the corners; then farther off."""
    x, y = spot
    for distance in DISTANCES:
        dx, dy = MARK[0] * distance, MARK[1] * distance
        across, along = (dx, -dx - wide), (dy, -dy - LINE)
        sides = [(each, -LINE / 2) for each in across] + [(-wide / 2, each) for each in along]
        for left, low in [*sides, *((each, other) for each in across for other in along)]:
            yield x + left, y + low, x + left + wide, y + low + LINE


def _covered(box: Box, taken: Sequence[Box]) -> float:
    """How much of a box is taken already, or lies outside the panel."""
    left, low, right, high = box
    outside = max(0.0, -left) + max(0.0, right - 1) + max(0.0, -low) + max(0.0, high - 1)
    shared = [
        max(0.0, min(right, other[2]) - max(left, other[0]))
        * max(0.0, min(high, other[3]) - max(low, other[1]))
        for other in taken
    ]
    return 10 * outside + sum(shared)


def _spot(axes: Axes, cost: float, entropy: float) -> tuple[float, float]:
    """Where a point stands, in shares of the panel's width and height."""
    x, y = axes.transAxes.inverted().transform(axes.transData.transform((cost, entropy)))
    return float(x), float(y)
