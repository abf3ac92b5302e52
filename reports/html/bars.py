"""Bars of what stages and layers hold: numbers kept between frames, and the largest map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from costmodel.analysis.cost import Analysis
from costmodel.analysis.stages import stages_of
from reports.html.memory import size
from reports.html.svg import Scale, drawing, tag, text

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH = 540
MOST = 16
MOST_LAYERS = 10
PITCH = 13  # from one bar to the next: the height of its number
LONGEST = 24  # letters of a name
Bar = tuple[str, float, float]  # a name, what is kept, the largest map


def by_stage(analysis: Analysis, depth: int = 1) -> Markup:
    """What each stage keeps, and its largest map.

    Args:
        analysis: the figures of a network.
        depth: parts of layers' names that tell stages apart.
    """
    stages = stages_of(analysis.rows, depth)
    bars = [(each.name, each.state_floats, each.activation_floats) for each in stages]
    return _drawn(bars, analysis, "State and largest map of each stage")


def by_layer(analysis: Analysis) -> Markup:
    """The layers that hold most, of both together."""
    bars = [(row["name"], row["state_floats"], row["activation_floats"]) for row in analysis.rows]
    largest = sorted(bars, key=lambda bar: -(bar[1] + bar[2]))
    return _drawn(largest[:MOST_LAYERS], analysis, "The layers that hold most")


def _drawn(bars: Sequence[Bar], analysis: Analysis, title: str) -> Markup:
    shown = bars[:MOST]
    left = min(190, 24 + 7 * max(len(name) for name, *_ in shown))
    most = max(1, *(max(kept, largest) for _, kept, largest in shown))
    scale = Scale(0, most, left, WIDTH - 84)
    parts, y = [], 14.0
    for name, kept, largest in shown:
        pair = [(value, kind) for value, kind in ((kept, "kept"), (largest, "maps")) if value]
        parts.append(text(_ending(name), left - 10, y + PITCH * len(pair) / 2 + 4, "end"))
        for value, kind in pair:
            width = max(1.0, scale(value) - left)
            parts.append(tag("rect", x=left, y=y, width=width, height=9, rx=1, class_=kind))
            words = size(value * analysis.figures.bytes_per_value)
            parts.append(text(words, left + width + 6, y + 9, class_="soft small"))
            y += PITCH
        y += 9
    if len(bars) > len(shown):
        words = f"and {len(bars) - len(shown)} more, in the table of layers"
        parts.append(text(words, left, y + 8, class_="soft small"))
        y += 14
    return drawing(parts, WIDTH, y + 4, title, "half")


def _ending(name: str) -> str:
    """The end of a long name: layers differ there."""
    return name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}"
