"""Exact arithmetic shared by the three kinds of number: int, sympy expression and numpy array.

Rules are written once in plain `+ - * //` and these helpers. Which kind comes in decides what comes out, so
this module never imports sympy or numpy: it asks the values themselves.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy
    import sympy

    Size = int | sympy.Expr | numpy.ndarray
else:
    Size = Any

_EXACT = (int, Fraction)


def is_exact(value: Any) -> bool:
    """Whether a value is one plain number, not a symbol or an array."""
    return isinstance(value, (int, Fraction, float))


def is_array(value: Any) -> bool:
    """Whether a value is a numpy array or an array of ratios."""
    return isinstance(value, Ratios) or type(value).__module__ == "numpy"


def simplify(value: Any) -> Any:
    """A fraction without remainder as an int; everything else unchanged."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


class Ratios:
    """An array of exact fractions: integer numerators over positive integer denominators.

    A sweep over `gamma_w = 1, 1.05, 1.1` must floor as a Fraction does, at the speed of an array.
    """

    __array_ufunc__ = None  # numpy leaves mixed arithmetic to this class

    def __init__(self, numerator: Any, denominator: Any = 1) -> None:
        self.numerator = numerator
        self.denominator = denominator

    @staticmethod
    def of(value: Any) -> Ratios:
        """Any exact number, array or Ratios as Ratios."""
        if isinstance(value, Ratios):
            return value
        if isinstance(value, Fraction):
            return Ratios(value.numerator, value.denominator)
        return Ratios(value)

    def __add__(self, other: Any) -> Ratios:
        if isinstance(other, int):
            return Ratios(self.numerator + other * self.denominator, self.denominator)
        other = Ratios.of(other)
        return Ratios(
            self.numerator * other.denominator + other.numerator * self.denominator,
            self.denominator * other.denominator,
        )

    __radd__ = __add__

    def __neg__(self) -> Ratios:
        return Ratios(-self.numerator, self.denominator)

    def __sub__(self, other: Any) -> Ratios:
        return self + (-Ratios.of(other))

    def __rsub__(self, other: Any) -> Ratios:
        return Ratios.of(other) - self

    def __mul__(self, other: Any) -> Ratios:
        other = Ratios.of(other)
        return Ratios(self.numerator * other.numerator, self.denominator * other.denominator)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Ratios:
        other = Ratios.of(other)
        return Ratios(self.numerator * other.denominator, self.denominator * other.numerator)

    def __rtruediv__(self, other: Any) -> Ratios:
        return Ratios.of(other) / self

    def __floordiv__(self, other: Any) -> Any:
        return floor(self / other)

    def __rfloordiv__(self, other: Any) -> Any:
        return floor(Ratios.of(other) / self)

    def __floor__(self) -> Any:
        return self.numerator // self.denominator

    def __lt__(self, other: Any) -> Any:
        other = Ratios.of(other)
        return self.numerator * other.denominator < other.numerator * self.denominator

    def __le__(self, other: Any) -> Any:
        other = Ratios.of(other)
        return self.numerator * other.denominator <= other.numerator * self.denominator

    def __gt__(self, other: Any) -> Any:
        return Ratios.of(other) < self

    def __ge__(self, other: Any) -> Any:
        return Ratios.of(other) <= self


def floor(value: Any) -> Any:
    """The largest whole number not above `value`."""
    if isinstance(value, int) or type(value).__module__ == "numpy":
        return value
    if isinstance(value, Fraction | float | Ratios):
        return math.floor(value)
    import sympy

    return sympy.floor(value)


def ceil(value: Any) -> Any:
    """The smallest whole number not below `value`."""
    return -floor(-value)


def ceil_div(value: Any, divisor: Any) -> Any:
    """`value / divisor` rounded up."""
    return -(-value // divisor)


def divide(value: Any, divisor: Any) -> Any:
    """`value / divisor` exactly; a whole quotient of ints is an int."""
    if isinstance(value, _EXACT) and isinstance(divisor, _EXACT):
        return simplify(Fraction(value) / divisor)
    if is_array(value) or is_array(divisor):
        return Ratios.of(value) / divisor
    return value / divisor


def times(value: Any, factor: Any) -> Any:
    """`value * factor` exactly, fractions of arrays included."""
    if isinstance(value, Fraction) and is_array(factor):
        return Ratios.of(value) * factor
    if isinstance(factor, Fraction) and is_array(value):
        return Ratios.of(value) * factor
    return simplify(value * factor)


def plus(value: Any, term: Any) -> Any:
    """`value + term` exactly, fractions and arrays mixed."""
    if isinstance(value, Fraction) and is_array(term):
        return Ratios.of(value) + term
    if isinstance(term, Fraction) and is_array(value):
        return Ratios.of(value) + term
    return simplify(value + term)


def where(condition: Any, chosen: Any, other: Any) -> Any:
    """`chosen` where the condition holds, else `other`, element by element or symbolically."""
    if isinstance(condition, bool):
        return chosen if condition else other
    if type(condition).__module__ == "numpy":
        import numpy as np

        if isinstance(chosen, Ratios) or isinstance(other, Ratios):
            chosen, other = Ratios.of(chosen), Ratios.of(other)
            return Ratios(
                np.where(condition, chosen.numerator, other.numerator),
                np.where(condition, chosen.denominator, other.denominator),
            )
        return np.where(condition, chosen, other)
    import sympy

    return sympy.Piecewise((chosen, condition), (other, True))


def maximum(value: Any, other: Any) -> Any:
    """The larger of two, element by element or symbolically."""
    if is_exact(value) and is_exact(other):
        return max(value, other)
    if is_array(value) or is_array(other):
        if not (isinstance(value, Ratios) or isinstance(other, Ratios)):
            import numpy as np

            return np.maximum(value, other)
        return where(Ratios.of(value) >= other, value, other)
    import sympy

    return sympy.Max(value, other)


def minimum(value: Any, other: Any) -> Any:
    """The smaller of two, element by element or symbolically."""
    return -maximum(-value, -other)


def round_to(value: Any, divisor: int = 8) -> Any:
    """The multiple of `divisor` nearest to `value`, at least `divisor` and at least nine tenths of `value`.

    The rounding of channel widths that MobileNet introduced and X3D's released code uses for widths and
    squeeze-excite.
    """
    nearest = maximum(times(floor(plus(divide(value, divisor), Fraction(1, 2))), divisor), divisor)
    return where(times(nearest, 10) < times(value, 9), nearest + divisor, nearest)


def repeated(amount: Any, count: Any) -> Any:
    """`amount`, `count` times over; untouched where the count is one."""
    return amount if isinstance(count, int) and count == 1 else count * amount


def is_zero(value: Any) -> bool:
    """Whether a value is known to be zero, everywhere."""
    if is_array(value):
        return not value.any()
    return bool(value == 0)
