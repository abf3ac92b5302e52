"""Figures as a person reads them, and as a program does."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

SUFFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def plain(value: Any) -> Any:
    """A figure as a program reads it: whole numbers as int, others as float."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else float(value)
    return value


def figure(value: object) -> str:
    """A figure for a person: thousands apart, `unbounded` for infinity, `-` for what does not apply."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if math.isinf(value):
            return "unbounded"
        # Beyond 2^53, about 9e15, a float holds no longer every whole number, so its digits would say too
        # much.
        # Of a large one whole numbers say enough, and its exponent cannot be compared at a glance.
        is_whole = value.is_integer() or abs(value) >= 1000
        return f"{value:,.0f}" if is_whole and abs(value) < 1e15 else f"{value:,.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return value if isinstance(value, str) else str(value)


def rounded(value: object, unit: str = "") -> str:
    """A large figure with an SI suffix, bytes in KiB and MiB; empty where it would say nothing new."""
    if not isinstance(value, int | float) or math.isinf(value) or abs(value) < 1000:
        return ""
    if unit == "bytes":
        return f"{value / 2**20:,.2f} MiB" if abs(value) >= 2**20 else f"{value / 2**10:,.1f} KiB"
    size, suffix = next((size, suffix) for size, suffix in SUFFIXES if abs(value) >= size)
    return f"{value / size:.3g} {suffix}"


def brief(value: float) -> str:
    """A number of few letters."""
    return rounded(value) or figure(value)
