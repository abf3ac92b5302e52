"""Figures as papers print them: their number, their digits, and whether a value rounds to them."""

from __future__ import annotations

import re
from fractions import Fraction

Value = Fraction | int | str | None


def number(printed: str) -> Fraction:
    """The number of a printed figure, without `about` and `more than` signs."""
    # a Fraction: as a float 0.285 would lie below its own digits, and round down
    return Fraction(printed.lstrip("~<>").replace(",", ""))


def spelled(shape: str) -> str:
    """A printed shape with its squares written out: 8x224^2 is 8x224x224."""
    return re.sub(r"(\d+)\^2", r"\1x\1", shape)


def decimals(printed: str) -> int:
    """Digits behind the point of a printed figure."""
    return len(printed.partition(".")[2])


def rounded(value: Fraction | int, digits: int) -> Fraction:
    """A number rounded to so many digits behind the point, halves away from zero."""
    scale = 10**digits
    # as people round; Python's round() takes halves to the even digit
    away = (abs(Fraction(value)) * scale + Fraction(1, 2)) // 1
    return Fraction(away if value >= 0 else -away, scale)


def agrees(printed: str, value: Value) -> bool:
    """Whether a value rounds to the printed figure; for `<` and `>` whether it lies there."""
    if value is None or isinstance(value, str):
        return value == spelled(printed)
    given = number(printed)
    if printed[0] in "<>":
        return bool(value < given if printed[0] == "<" else value > given)
    digits = decimals(printed)
    if printed[0] == "~" and not digits:  # the zeros at the end of a round number say nothing
        digits = len(str(abs(given)).rstrip("0")) - len(str(abs(given)))
        scale = 10**-digits
        return bool(rounded(Fraction(value) / scale, 0) * scale == given)
    return rounded(value, digits) == given


def is_cut_off(printed: str, value: Fraction | int) -> bool:
    """Whether a value begins with the printed digits but rounds to others."""
    scale = 10 ** decimals(printed)
    return printed[0] not in "~<>" and abs(value) * scale // 1 == abs(number(printed)) * scale
