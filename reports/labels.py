"""Labels of points in a drawing, each where it covers least of marks, lines and other labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from costmodel.escape import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Half a mark in either direction, a letter and a line, in shares of a panel.
MARK = (0.007, 0.014)
LETTER, LINE = 0.0076, 0.034
DISTANCES = (1.4, 2.2, 3.2, 4.5)  # of a label from its mark, in half marks

Box = tuple[float, float, float, float]  # left, low, right, high


@dataclass(frozen=True)
class Label:
    """A text beside a point of a panel; a point without text is only kept free."""

    x: float
    y: float
    text: str
    colour: str


def place_labels(axes: Axes, labels: Sequence[Label], corners: Iterable[tuple[float, float]] = ()) -> None:
    """Draws the labels; `corners` are points of lines that they keep clear of where they can.

    The panel's limits must be the final ones.
    """
    from matplotlib.patheffects import withStroke

    spots = [_spot(axes, each.x, each.y) for each in labels]
    taken = [_around(spot, 1) for spot in spots]
    taken += [_around(_spot(axes, *corner), 0.5) for corner in corners]
    for each, spot in zip(labels, spots, strict=True):
        if not each.text:
            continue
        text = drawing(each.text)
        box = min(_boxes(spot, LETTER * len(text)), key=lambda one: _covered(one, taken))
        taken.append(box)
        label = axes.text(
            *box[:2], text, transform=axes.transAxes, va="bottom", fontsize=8, color=each.colour
        )
        # over a line it stays readable
        label.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def _around(spot: tuple[float, float], half_marks: float) -> Box:
    x, y = spot
    across, along = MARK[0] * half_marks, MARK[1] * half_marks
    return x - across, y - along, x + across, y + along


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


def _spot(axes: Axes, x_value: float, y_value: float) -> tuple[float, float]:
    """Where a point stands, in shares of the panel's width and height."""
    x, y = axes.transAxes.inverted().transform(axes.transData.transform((x_value, y_value)))
    return float(x), float(y)
