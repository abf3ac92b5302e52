"""Figures as papers print them: their number, their digits, and whether a value rounds to them."""

from __future__ import annotations

import re
from fractions import Fraction
from math import isqrt

Value = Fraction | int | str | None
Range = tuple[Fraction, Fraction]
ROOT = re.compile(r"(\d*)sqrt(\d+)")  # 2sqrt2 is twice the root of two
NUMBER = re.compile(rf"[~<>]?[+-]?(\d{{1,3}}(,\d{{3}})+|\d+)(\.\d+)?|{ROOT.pattern}")
SHAPE = re.compile(r"\d+(x\d+(\^2)?)+")


def is_number(printed: str) -> bool:
    """Whether a figure is printed as one number."""
    return NUMBER.fullmatch(printed) is not None


def is_shape(printed: str) -> bool:
    """Whether a figure is printed as the size of a map: 16x112x112 or 16x112^2."""
    return SHAPE.fullmatch(printed) is not None


def number(printed: str) -> Fraction:
    """The number of a printed figure, without `about` and `more than` signs."""
    root = ROOT.fullmatch(printed)
    if root is not None:
        return int(root[1] or 1) * Fraction(isqrt(int(root[2]) * 10**24), 10**12)
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
    unit = _unit(printed)
    return rounded(Fraction(value) / unit, 0) * unit == given


def would_print(printed: str) -> tuple[Range, Range]:
    """The numbers that round to a printed figure, and those that begin with its digits."""
    given, unit = number(printed), _unit(printed)
    return (given - unit / 2, given + unit / 2), (given, given + unit)


def _unit(printed: str) -> Fraction:
    """What a figure is printed to: 0.1 of 1.9, 1 of 20, 10 of ~50."""
    digits = decimals(printed)
    if printed[0] == "~" and not digits:  # the zeros at the end of a round number say nothing
        text = str(abs(number(printed)))
        digits = len(text.rstrip("0")) - len(text)
    return Fraction(10) ** -digits


def is_cut_off(printed: str, value: Fraction | int) -> bool:
    """Whether a value begins with the printed digits but rounds to others."""
    scale = 10 ** decimals(printed)
    return printed[0] not in "~<>" and abs(value) * scale // 1 == abs(number(printed)) * scale
