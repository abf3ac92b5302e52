"""Charts of time: what each layer of a network sees of its input, and when a stream answers."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING

from costmodel.analysis.cost import Analysis
from costmodel.analysis.rates import taken_every
from reports.html.parts import Column, PlainRow, PlainTable
from reports.html.svg import MINUS, Scale, drawing, number, tag, text
from reports.times import Clock

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH = 540
ROWS = {
    "receptive_field": "frames that an answer sees",
    "lookahead": "lookahead: until a new frame counts",
    "added_wait": "of it until a chunk is full",
    "delay": "delay: from an answer's frame to the answer",
    "transient": "first answer of a stream after",
    "warmup": "answers independent of the start after",
}


def clock_of(analysis: Analysis) -> Clock:
    """How long a frame of a network is, at the rate asked for or that of its training."""
    graph, rate = analysis.figures.graph, analysis.figures.fps
    every = taken_every(graph, rate)
    return Clock(int(every), Fraction(graph.fps if rate is None else rate))  # type: ignore[arg-type]


def camera(clock: Clock, frames: float) -> str:
    """Frames of a network as frames of the camera."""
    return f"{frames * clock.every:,.0f}"


def seconds(clock: Clock, frames: float) -> str:
    """Frames of a network in seconds."""
    return decimal(frames * clock.every / float(clock.fps))


def decimal(value: float) -> str:
    """A time of few letters, never `-0.00`."""
    found = f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return found.removeprefix("-") if not float(found.replace(",", "")) else found.replace("-", MINUS)


def table(analysis: Analysis, clip: Analysis | None) -> PlainTable:
    """The times of a network in all three units, a clip's beside a stream's.

    Args:
        analysis: of the network that the page is about.
        clip: of the clip network where the page is about its stream.
    """
    clock = clock_of(analysis)
    columns = [
        Column("", is_number=False),
        Column("model frames"),
        Column("camera frames"),
        Column("seconds"),
    ]
    if clip is not None:
        columns.append(Column("clip, model frames"))
    rows = []
    for name, words in ROWS.items():
        value = analysis.totals[name]
        if value is None or (name == "added_wait" and not value):
            continue
        cells = ["unbounded", "", ""]
        if isfinite(value):
            cells = [f"{value:,}", camera(clock, value), seconds(clock, value)]
        beside = [] if clip is None else [_plain(clip.totals[name])]
        rows.append(PlainRow(words, [*cells, *beside], name))
    return PlainTable(columns, rows)


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:,}" if isfinite(value) else "unbounded"


def timeline(analysis: Analysis) -> Markup | None:
    """A stream from its first frame on: no answer, answers that depend on the start, steady answers."""
    totals = analysis.totals
    first, warm = totals["transient"], totals["warmup"]
    if first is None:
        return None
    is_bounded = isfinite(warm)
    end = max(1.0, (warm if is_bounded else first + 20) * 1.32)
    left, right, top = 14, WIDTH - 14, 62
    x = Scale(0, end, left, right)
    spans = [(0, first, "nothing", "no answer")]
    spans += [(first, warm if is_bounded else end, "unsure", "depends on the start")]
    spans += [(warm, end, "steady", "steady")] if is_bounded else []
    parts = []
    for low, high, kind, words in spans:
        if high <= low:
            continue
        parts.append(tag("rect", x=x(low), y=top, width=x(high) - x(low), height=26, class_=kind))
        if x(high) - x(low) > 7 * len(words):
            parts.append(text(words, (x(low) + x(high)) / 2, top - 8, "middle", "small soft"))
    clock = clock_of(analysis)
    places = [(0.0, "the stream begins"), (float(first), "first answer")]
    places += [(float(warm), "steady from here")] if is_bounded and warm > first else []
    parts += _places(places, x, clock, top + 26)
    look = totals["lookahead"]
    if isfinite(look):
        parts += _bracket(x, float(look), clock, top + 128)
    return drawing(parts, WIDTH, top + 178, "When a stream answers", "half")


def _places(places: list[tuple[float, str]], x: Scale, clock: Clock, top: float) -> list[Markup]:
    """Places on the time axis, named below in all three units, none above another."""
    parts, free = [], -99.0
    for frames, words in places:
        at = x(frames)
        parts.append(tag("path", d=f"M{number(at)} {number(top - 30)}V{number(top + 10)}", class_="axis"))
        lines = [
            words,
            f"frame {frames:,.0f}",
            f"camera {camera(clock, frames)}",
            f"{seconds(clock, frames)} s",
        ]
        width = 6.4 * max(map(len, lines))
        start = min(max(at - 2, free), x.end - width)
        for place, line in enumerate(lines):
            kind = "small strong" if place == 0 else "small soft"
            parts.append(text(line, start, top + 24 + 15 * place, "start", kind))
        free = start + width + 12
    return parts


def _bracket(x: Scale, look: float, clock: Clock, top: float) -> list[Markup]:
    """How long a new frame is on its way until it counts."""
    others = f"{camera(clock, look)} camera frames, {seconds(clock, look)} s"
    words = f"a new frame counts {look:,.0f} frames later ({others})"
    if not look:
        words = "a new frame counts at once"
    return [
        tag(
            "path",
            d=f"M{number(x(0))} {top - 5}v10M{number(x(0))} {top}H{number(max(x(look), x(0) + 2))}m0 -5v10",
            class_="line",
        ),
        text(words, x(0), top + 24, "start", "small"),
    ]
