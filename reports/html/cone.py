"""The receptive field drawn: the input frames that one output of each layer sees."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from costmodel.analysis.cost import Analysis
from costmodel.graph import INPUT
from reports.html.svg import Scale, drawing, linear_marks, number, short, tag, text
from reports.html.times import clock_of, seconds
from reports.times import Clock

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH = 540
LEFT, RIGHT, TOP = 96, WIDTH - 16, 34
MOST_BARS = 60
Bar = tuple[str, float, float]  # a layer, its oldest and its newest frame


def cone(analysis: Analysis) -> Markup:
    """What one answer of each layer sees of the input, the network's own answer on top."""
    bars = _bars(analysis)
    x = _scale(bars)
    high = min(15.0, 300 / len(bars))
    bottom = TOP + high * len(bars) + 6
    parts = [*_axis(x, clock_of(analysis), bottom)]
    stage, free, shade = "", 0.0, 0
    for place, (name, oldest, newest) in enumerate(bars):
        y = TOP + 4 + place * high
        own = name.partition(".")[0]
        if own != stage:
            stage, shade = own, 1 - shade
            if y >= free:
                parts.append(text(own[:12], LEFT - 8, y + min(high, 12) - 1, "end", "small"))
                free = y + 12
        parts.append(_bar(x, (name, oldest, newest), y, high, f"bar{shade}"))
    zero = x(0)
    words = "the frame that it is aligned with"
    parts.append(tag("path", d=f"M{number(zero)} {TOP}V{number(bottom)}", class_="guide"))
    parts.append(text(words, zero, TOP - 8, _anchor(zero), "small soft"))
    return drawing(parts, WIDTH, bottom + 56, "Input frames that one answer of each layer sees", "half")


def _scale(bars: list[Bar]) -> Scale:
    finite = [each for bar in bars for each in bar[1:] if isfinite(each)] or [0]
    low, high = min(finite) - 0.5, max(finite) + 0.5
    if not all(isfinite(oldest) for _, oldest, _ in bars):
        low -= max(4, (high - low) / 4)  # room for those that see back for ever
    return Scale(low, high, LEFT, RIGHT)


def _bar(x: Scale, bar: Bar, y: float, high: float, class_: str) -> Markup:
    name, oldest, newest = bar
    start = x(oldest - 0.5) if isfinite(oldest) else LEFT
    title = tag("title", f"{name}: {_seen(oldest, newest)}")
    width = x(newest + 0.5) - start
    return tag("rect", title, x=start, y=y, width=width, height=max(1.0, high - 1.5), rx=1, class_=class_)


def _anchor(at: float) -> str:
    share = (at - LEFT) / (RIGHT - LEFT)
    return "start" if share < 0.25 else "end" if share > 0.75 else "middle"


def _seen(oldest: float, newest: float) -> str:
    if not isfinite(oldest):
        return "all frames so far"
    return f"frames {oldest:.0f} to {newest:+.0f}, {newest - oldest + 1:.0f} in all"


def _bars(analysis: Analysis) -> list[Bar]:
    """Each layer that sees more than what it reads, with its oldest and newest frame; the answer first."""
    figures = analysis.figures
    reach = figures.reach
    found: list[Bar] = [(INPUT, 0, 0)]
    widest = (0.0, 0.0)
    for node in figures.graph.nodes:
        own = reach[node.name]
        span = (float(own.padding), float(own.delay))
        # of branches the widest alone: a shortcut sees no more than what it goes around
        if span[0] > widest[0] or span[1] > widest[1]:
            widest = (max(span[0], widest[0]), max(span[1], widest[1]))
            found.append((node.name, -span[0], span[1]))
    kept = found if len(found) <= MOST_BARS else found[:: -(-len(found) // MOST_BARS)]
    return list(reversed(kept if kept[-1] is found[-1] else [*kept, found[-1]]))


def _axis(x: Scale, clock: Clock, bottom: float) -> list[Markup]:
    parts = [tag("path", d=f"M{number(x.start)} {number(bottom)}H{number(x.end)}", class_="axis")]
    marks = [each for each in linear_marks(x.low, x.high, 6) if float(each).is_integer()]
    for value in marks:
        at = x(value)
        parts.append(tag("path", d=f"M{number(at)} {TOP}V{number(bottom)}", class_="rule"))
        parts.append(text(short(value), at, bottom + 17, "middle", "mark"))
        parts.append(text(seconds(clock, value), at, bottom + 33, "middle", "mark"))
    parts.append(text("frames", x.start - 8, bottom + 17, "end", "mark"))
    parts.append(text("seconds", x.start - 8, bottom + 33, "end", "mark"))
    parts.append(text("before the aligned frame, and behind it", x.end, bottom + 51, "end", "title"))
    return parts
