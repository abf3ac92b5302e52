"""Drawings as SVG: elements with escaped text, scales of axes and where their marks stand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from costmodel.errors import one_line
from costmodel.readable import SUFFIXES

if TYPE_CHECKING:
    from markupsafe import Markup

TIMES = "\N{MULTIPLICATION SIGN}"
MINUS = "\N{MINUS SIGN}"
NICE = (1, 2, 2.5, 5, 10)


def tag(name: str, *inside: str, **attributes: str | float | None) -> Markup:
    """An element: text inside is escaped, `Markup` is not; `class_` gives `class`, `x_y` gives `x-y`."""
    from markupsafe import Markup, escape

    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_attribute(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>{''.join(escape(each) for each in inside)}</{name}>")


def text(words: str, x: float, y: float, anchor: str = "start", class_: str | None = None) -> Markup:
    """A line of text."""
    at = None if anchor == "start" else anchor
    return tag("text", one_line(words), x=x, y=y, text_anchor=at, class_=class_)


def drawing(parts: Iterable[Markup], width: float, height: float, title: str, class_: str = "") -> Markup:
    """A drawing that scales with the page, with a title for who cannot see it."""
    view = f"0 0 {number(width)} {number(height)}"
    return tag(
        "svg", *parts, viewBox=view, role="img", aria_label=one_line(title), class_=f"chart {class_}".strip()
    )


def number(value: float) -> str:
    """A coordinate of few letters."""
    short = f"{value:.1f}".removesuffix(".0")
    return "0" if short == "-0" else short


def _attribute(value: str | float) -> str:
    return one_line(value) if isinstance(value, str) else number(value)


@dataclass(frozen=True)
class Scale:
    """Where values stand along an axis.

    Args:
        low: the value at the start.
        high: the value at the end.
        start: the place of the start.
        end: the place of the end.
        is_log: whether equal ratios are equally far apart.
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value."""
        low, high, at = (math.log(each) if self.is_log else each for each in (self.low, self.high, value))
        return self.start + (self.end - self.start) * ((at - low) / (high - low) if high != low else 0.5)

    def marks(self, most: int = 6) -> list[float]:
        """Round values along the axis."""
        return (
            _log_marks(self.low, self.high, most) if self.is_log else linear_marks(self.low, self.high, most)
        )


def linear_marks(low: float, high: float, most: int = 6, base: float = 10) -> list[float]:
    """Round values from low to high, at most so many; of bytes round in powers of two."""
    if high <= low:
        return [low]
    least = (high - low) / most
    size = base ** math.floor(math.log(least, base))
    step = next((size * each for each in NICE if size * each >= least), size * base)
    first = math.ceil(low / step - 1e-9)
    return [step * place for place in range(first, math.floor(high / step + 1e-9) + 1)]


def binary_marks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values in KiB, MiB or GiB."""
    unit = binary_unit(high)[0]
    return [each * unit for each in linear_marks(low / unit, high / unit, most)]


def _log_marks(low: float, high: float, most: int) -> list[float]:
    for steps in ((1, 2, 5), (1, 3), (1,)):
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [step * 10.0**decade for decade in decades for step in steps]
        inside = [each for each in found if low * 0.999 <= each <= high * 1.001]
        if len(inside) <= most:
            return inside
    return inside[:: math.ceil(len(inside) / most)]


def binary_unit(most: float) -> tuple[float, str]:
    """The unit in which bytes up to a number read best."""
    known = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
    return next(((float(size), name) for size, name in known if most >= size), (1.0, "B"))


def short(value: float) -> str:
    """A mark's number of few letters: 20 M, 0.5, -3."""
    if value == 0:
        return "0"  # never -0
    size, suffix = next(((size, f" {name}") for size, name in SUFFIXES if abs(value) >= size), (1, ""))
    return f"{value / size:.4g}{suffix}".replace("-", MINUS)


@dataclass(frozen=True)
class Panel:
    """The space of a chart with its two axes.

    Args:
        x: the scale along.
        y: the scale upwards.
        x_title: what is drawn along, with its unit.
        y_title: what is drawn upwards, with its unit.
        x_text: what a mark along says.
        y_text: what a mark upwards says.
    """

    x: Scale
    y: Scale
    x_title: str
    y_title: str
    x_text: Callable[[float], str] = short
    y_text: Callable[[float], str] = short
    x_marks: Sequence[float] | None = None
    y_marks: Sequence[float] | None = None

    def axes(self) -> list[Markup]:
        """Lines across, marks and titles."""
        left, right, bottom, top = self.x.start, self.x.end, self.y.start, self.y.end
        marks_up = self.y.marks(5) if self.y_marks is None else self.y_marks
        marks_along = self.x.marks(7) if self.x_marks is None else self.x_marks
        parts = []
        for value in marks_up:
            parts.append(
                tag("path", d=f"M{number(left)} {number(self.y(value))}H{number(right)}", class_="rule")
            )
            parts.append(text(self.y_text(value), left - 8, self.y(value) + 4, "end", "mark"))
        for value in marks_along:
            parts.append(tag("path", d=f"M{number(self.x(value))} {number(bottom)}v5", class_="axis"))
            parts.append(text(self.x_text(value), self.x(value), bottom + 19, "middle", "mark"))
        parts.append(tag("path", d=f"M{number(left)} {number(bottom)}H{number(right)}", class_="axis"))
        parts.append(text(self.y_title, left, top - 12, "start", "title"))
        parts.append(text(self.x_title, right, bottom + 38, "end", "title"))
        return parts
