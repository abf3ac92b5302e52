"""Points with error bars over two axes, a line through some, and a limit; no word stands over a point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite, log10
from typing import TYPE_CHECKING

from costmodel.errors import one_line
from reports.html.svg import Panel, Scale, drawing, number, short, tag, text

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH, HEIGHT = 1080, 430
TOP, LEFT, EDGE, FOOT = 46, 74, 24, 60
LETTER = 6.6  # the width of a letter of a label, about
LINE = 15  # its height
SERIES = 8  # pairs of colour and mark that are told apart
WIDE = 10  # values that lie this many times apart stand on a logarithmic axis


@dataclass(frozen=True)
class Point:
    """A point: where it stands, how sure that is, which series it belongs to, and what it tells.

    Args:
        label: words beside it where there is room.
        is_ringed: whether a ring marks it.
        is_faint: whether it stands back behind others.
    """

    x: float
    y: float
    series: int = 0
    error: float = 0
    title: str = ""
    label: str = ""
    is_ringed: bool = False
    is_faint: bool = False


@dataclass(frozen=True)
class Axis:
    """What an axis shows, with its unit, and how its marks are written."""

    title: str
    text: Callable[[float], str] = short
    is_log: bool | None = False


@dataclass(frozen=True)
class Scatter:
    """A chart of points.

    Args:
        points: the points.
        x: the axis along.
        y: the axis upwards.
        title: what it shows, for who cannot see it.
        path: places of points that a line joins, in its order.
        lines: the same for lines in the colour of the points that they join.
        limit: a value along that must not be passed, with what it is called.
        width: of the drawing.
        height: of the drawing.
    """

    points: Sequence[Point]
    x: Axis
    y: Axis
    title: str
    path: Sequence[int] = ()
    lines: Sequence[Sequence[int]] = ()
    limit: tuple[float, str] | None = None
    width: float = WIDTH
    height: float = HEIGHT
    taken: list[tuple[float, float, float, float]] = field(default_factory=list, init=False)

    @property
    def svg(self) -> Markup:
        """The chart."""
        along = [point.x for point in self.points] + ([self.limit[0]] if self.limit else [])
        upwards = [end for point in self.points for end in (point.y - point.error, point.y + point.error)]
        x = scale(along, LEFT, self.width - EDGE, self.x.is_log)
        y = scale(upwards, self.height - FOOT, TOP, self.y.is_log)
        panel = Panel(x, y, self.x.title, self.y.title, self.x.text, self.y.text)
        self.taken.clear()
        parts = [*panel.axes(), *self._limit(x), *self._path(x, y)]
        # those that matter last, so that nothing covers them
        order = sorted(self.points, key=lambda point: (not point.is_faint, point.is_ringed))
        parts += [_mark(point, x(point.x), y(point.y), y) for point in order]
        for each in self.points:
            at, high, reach = x(each.x), y(each.y), abs(y(each.y) - y(each.y + each.error))
            self.taken.append((at - 6, high - max(6, reach), at + 6, high + max(6, reach)))
        parts += self._labels(x, y)
        kind = "broad" if self.width > 700 else "half"
        return drawing(parts, self.width, self.height, self.title, kind)

    def _limit(self, x: Scale) -> list[Markup]:
        if self.limit is None:
            return []
        at, words = x(self.limit[0]), one_line(self.limit[1])
        bottom = self.height - FOOT
        is_right = at > self.width * 0.6
        beside = at - 6 if is_right else at + 6
        return [
            tag("path", d=f"M{number(at)} {TOP - 8}V{number(bottom)}", class_="limit"),
            text(words, beside, TOP - 12, "end" if is_right else "start", "limit-text small"),
        ]

    def _path(self, x: Scale, y: Scale) -> list[Markup]:
        ways = [(self.path, "way"), *((line, "") for line in self.lines)]
        drawn = []
        for way, kind in ways:
            places = [self.points[place] for place in way]
            line = "L".join(f"{number(x(each.x))} {number(y(each.y))}" for each in places)
            if len(places) > 1:
                drawn.append(tag("path", d=f"M{line}", class_=kind or f"joined s{places[0].series % SERIES}"))
        return drawn

    def _labels(self, x: Scale, y: Scale) -> Iterator[Markup]:
        for point in sorted(self.points, key=lambda each: not each.is_ringed):
            if not point.label:
                continue
            at, high = x(point.x), y(point.y)
            width = LETTER * len(point.label)
            for left, base in _places(at, high, width):
                box = (left, base - LINE + 3, left + width, base + 3)
                if self._is_free(box):
                    self.taken.append(box)
                    yield text(point.label, left, base, class_="small halo")
                    break

    def _is_free(self, box: tuple[float, float, float, float]) -> bool:
        left, top, right, bottom = box
        if left < LEFT or right > self.width - 4 or top < TOP - 6 or bottom > self.height - FOOT:
            return False
        return not any(left < b[2] and b[0] < right and top < b[3] and b[1] < bottom for b in self.taken)


def scale(values: Sequence[float], start: float, end: float, is_log: bool | None = None) -> Scale:
    """A scale around values, with some room at both ends; logarithmic where they lie far apart."""
    known = [each for each in values if isfinite(each)] or [0.0, 1.0]
    low, high = min(known), max(known)
    if is_log is None:
        is_log = low > 0 and high > WIDE * low
    if is_log:
        room = 10 ** (0.06 * max(log10(high / low), 0.2))
        return Scale(low / room, high * room, start, end, is_log=True)
    room = 0.07 * (high - low) or abs(high) * 0.1 or 1
    return Scale(low - room, high + room, start, end)


def _mark(point: Point, at: float, high: float, y: Scale) -> Markup:
    parts = [tag("title", one_line(point.title))] if point.title else []
    if point.error:
        low, top = y(point.y - point.error), y(point.y + point.error)
        bar = f"M{number(at)} {number(low)}V{number(top)}m-4 0h8M{number(at - 4)} {number(low)}h8"
        parts.append(tag("path", d=bar, class_="error"))
    parts.append(tag("path", d=shape(point.series, at, high)))
    if point.is_ringed:
        parts.append(tag("circle", cx=at, cy=high, r=9, class_="ring"))
    kind = f"p s{point.series % SERIES}{' faint' if point.is_faint else ''}"
    return tag("g", *parts, class_=kind)


def shape(series: int, x: float, y: float) -> str:
    """The outline of a series' mark: colours alone are not told apart by everybody, nor in print."""
    dot = f"M{number(x - 4)} {number(y)}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z"
    square = f"M{number(x - 4)} {number(y - 4)}h8v8h-8Z"
    up = f"M{number(x)} {number(y - 5)}l5 9h-10Z"
    diamond = f"M{number(x)} {number(y - 5.5)}l5.5 5.5l-5.5 5.5l-5.5 -5.5Z"
    down = f"M{number(x)} {number(y + 5)}l5 -9h-10Z"
    cross = f"M{number(x - 5)} {number(y - 2)}h3v-3h4v3h3v4h-3v3h-4v-3h-3Z"
    return (dot, square, up, diamond, down, cross, dot, square)[series % SERIES]


def _places(x: float, y: float, width: float) -> Iterator[tuple[float, float]]:
    """Where a label may stand: the left end and the base line, the best first."""
    for away in (10, 22, 36):
        yield x - width / 2, y - away
        yield x + away, y + 4
        yield x - width / 2, y + away + 9
        yield x - away - width, y + 4
        yield x + away * 0.7, y - away * 0.7
        yield x - away * 0.7 - width, y - away * 0.7
        yield x + away * 0.7, y + away * 0.7 + 8
