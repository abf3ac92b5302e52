"""Exact arithmetic shared by the three kinds of number: int, sympy expression and numpy array.

Rules are written once in plain `+ - * //` and these helpers. Which kind comes in decides what comes out, so
this module never imports sympy or numpy: it asks the values themselves.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, overload

if TYPE_CHECKING:
    import numpy
    import sympy
    from typing_extensions import TypeIs

    Size: TypeAlias = int | sympy.Expr | numpy.ndarray
    # What arithmetic makes of sizes: means over strides, factors of widths, logarithms. An array of fractions
    # is a `Ratios`, which takes part wherever an array does.
    Number: TypeAlias = Size | Fraction | float
    Exact: TypeAlias = int | Fraction
    # What a comparison gives: one flag, a relation between symbols, or a flag for each element.
    Condition: TypeAlias = bool | sympy.Basic | numpy.ndarray
else:  # other modules build aliases of these at run time, where sympy and numpy must not load
    Size = Number = Exact = Condition = Any

_EXACT = (int, Fraction)


def is_exact(value: object) -> TypeIs[Exact | float]:
    """Whether a value is one plain number, not a symbol or an array."""
    return isinstance(value, (int, Fraction, float))


def exact(value: Number) -> Exact:
    """A value that is known to be one number, as an int or a Fraction; of a float what its text says."""
    return value if isinstance(value, int | Fraction) else Fraction(str(value))


def is_array(value: object) -> TypeIs[numpy.ndarray]:
    """Whether a value is a numpy array or an array of ratios."""
    # By the module's name: `isinstance` would need numpy, which most commands never load.
    return isinstance(value, Ratios) or type(value).__module__ == "numpy"


def even(value: Number) -> Number:
    """The one number that an array of whole numbers or of conditions holds everywhere; all else as it is."""
    if not is_array(value) or isinstance(value, Ratios) or not value.size:
        return value
    first = value.flat[0]
    # as an int, since numpy's own would be an array to everybody else
    return int(first) if (value == first).all() else value


def is_symbolic(value: object) -> TypeGuard[sympy.Expr]:
    """Whether a value is a sympy expression (a sympy number included)."""
    return not isinstance(value, _EXACT) and hasattr(value, "free_symbols")


@overload
def simplify(value: Exact) -> Exact: ...
@overload
def simplify(value: Exact | float) -> Exact | float: ...
@overload
def simplify(value: Number) -> Number: ...
def simplify(value: Number) -> Number:
    """A fraction without remainder as an int; everything else unchanged."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


class Ratios:
    """An array of exact fractions: integer numerators over positive integer denominators.

    A sweep over `gamma_w = 1, 1.05, 1.1` must floor as a Fraction does, at the speed of an array.
    """

    __array_ufunc__ = None  # numpy leaves mixed arithmetic to this class

    def __init__(self, numerator: Size | float, denominator: Size | float = 1) -> None:
        self.numerator = numerator
        self.denominator = denominator

    @staticmethod
    def of(value: Number) -> Ratios:
        """Any exact number, array or Ratios as Ratios."""
        if isinstance(value, Ratios):
            return value
        if isinstance(value, Fraction):
            return Ratios(value.numerator, value.denominator)
        return Ratios(value)

    def __add__(self, other: Number) -> Ratios:
        if isinstance(other, int):
            # Needs no common denominator, and so keeps the products small.
            return Ratios(self.numerator + other * self.denominator, self.denominator)
        other = Ratios.of(other)
        mine, theirs = self.denominator, other.denominator
        if (is_array(mine) and mine.ndim) or (is_array(theirs) and theirs.ndim):
            return Ratios(self.numerator * theirs + other.numerator * mine, mine * theirs)
        # a sum over all layers of a network whose frames come at rates of 1/2 and 1/8 would overflow
        common = math.lcm(int(mine), int(theirs))
        above = self.numerator * (common // int(mine)) + other.numerator * (common // int(theirs))
        return Ratios(above, common)

    __radd__ = __add__

    def __neg__(self) -> Ratios:
        return Ratios(-self.numerator, self.denominator)

    def __sub__(self, other: Number) -> Ratios:
        return self + (-Ratios.of(other))

    def __rsub__(self, other: Number) -> Ratios:
        return Ratios.of(other) - self

    def __mul__(self, other: Number) -> Ratios:
        other = Ratios.of(other)
        return Ratios(self.numerator * other.numerator, self.denominator * other.denominator)

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> Ratios:
        other = Ratios.of(other)
        return Ratios(self.numerator * other.denominator, self.denominator * other.numerator)

    def __rtruediv__(self, other: Number) -> Ratios:
        return Ratios.of(other) / self

    def __floordiv__(self, other: Number) -> Number:
        return floor(self / other)

    def __rfloordiv__(self, other: Number) -> Number:
        return floor(Ratios.of(other) / self)

    def __floor__(self) -> Number:
        return self.numerator // self.denominator

    __hash__ = None  # type: ignore[assignment]  # compares element by element, as arrays do

    def __eq__(self, other: Any) -> Any:
        other = Ratios.of(other)
        return self.numerator * other.denominator == other.numerator * self.denominator

    def __ne__(self, other: Any) -> Any:
        return ~(self == other)

    def __lt__(self, other: Number) -> Condition:
        other = Ratios.of(other)
        return self.numerator * other.denominator < other.numerator * self.denominator

    def __le__(self, other: Number) -> Condition:
        other = Ratios.of(other)
        return self.numerator * other.denominator <= other.numerator * self.denominator

    def __gt__(self, other: Number) -> Condition:
        return Ratios.of(other) < self

    def __ge__(self, other: Number) -> Condition:
        return Ratios.of(other) <= self


@overload
def floor(value: Exact) -> int: ...
@overload
def floor(value: Number) -> Number: ...
def floor(value: Number) -> Number:
    """The largest whole number not above `value`."""
    if isinstance(value, int) or type(value).__module__ == "numpy":
        return value
    if isinstance(value, Fraction | float | Ratios):
        return math.floor(value)
    import sympy

    return sympy.floor(value)


def ceil(value: Number) -> Number:
    """The smallest whole number not below `value`."""
    if is_symbolic(value):
        import sympy

        return sympy.ceiling(value)
    return -floor(-value)


@overload
def ceil_div(value: int, divisor: int) -> int: ...
@overload
def ceil_div(value: Number, divisor: Number) -> Number: ...
def ceil_div(value: Number, divisor: Number) -> Number:
    """`value / divisor` rounded up."""
    if is_symbolic(value) or is_symbolic(divisor):
        return ceil(divide(value, divisor))
    return -(-value // divisor)


@overload
def divide(value: Exact, divisor: Exact) -> Exact: ...
@overload
def divide(value: Number, divisor: Number) -> Number: ...
def divide(value: Number, divisor: Number) -> Number:
    """`value / divisor` exactly; a whole quotient of ints is an int."""
    if isinstance(value, _EXACT) and isinstance(divisor, _EXACT):
        return simplify(Fraction(value) / divisor)
    if is_array(value) or is_array(divisor):
        return Ratios.of(value) / divisor
    return value / divisor


@overload
def times(value: Exact, factor: Exact) -> Exact: ...
@overload
def times(value: Number, factor: Number) -> Number: ...
def times(value: Number, factor: Number) -> Number:
    """`value * factor` exactly, fractions of arrays included."""
    if isinstance(value, Fraction) and is_array(factor):
        return Ratios.of(value) * factor
    if isinstance(factor, Fraction) and is_array(value):
        return Ratios.of(value) * factor
    return simplify(value * factor)


@overload
def plus(value: Exact, term: Exact) -> Exact: ...
@overload
def plus(value: Number, term: Number) -> Number: ...
def plus(value: Number, term: Number) -> Number:
    """`value + term` exactly, fractions and arrays mixed."""
    if isinstance(value, Fraction) and is_array(term):
        return Ratios.of(value) + term
    if isinstance(term, Fraction) and is_array(value):
        return Ratios.of(value) + term
    return simplify(value + term)


def where(condition: Condition, chosen: Number, other: Number) -> Number:
    """`chosen` where the condition holds, else `other`, element by element or symbolically."""
    if isinstance(condition, bool):
        return chosen if condition else other
    if type(condition).__module__ == "numpy":  # an array, or one of its elements
        import numpy as np

        if isinstance(chosen, Ratios) or isinstance(other, Ratios):
            chosen, other = Ratios.of(chosen), Ratios.of(other)
            return Ratios(
                np.where(condition, chosen.numerator, other.numerator),
                np.where(condition, chosen.denominator, other.denominator),
            )
        return np.where(condition, *_for_numpy(chosen, other))
    import sympy

    return sympy.Piecewise((chosen, condition), (other, True))


def _for_numpy(value: Number, other: Number) -> tuple[Any, Any]:
    return value, other  # numpy's types know no Fraction, numpy takes it


def maximum(value: Number, other: Number) -> Number:
    """The larger of two, element by element or symbolically."""
    if is_exact(value) and is_exact(other):
        return max(value, other)
    if is_array(value) or is_array(other):
        if not (isinstance(value, Ratios) or isinstance(other, Ratios)):
            import numpy as np

            return np.maximum(*_for_numpy(value, other))
        return where(Ratios.of(value) >= other, value, other)
    from costmodel.symbols import never_below, outermost

    return outermost(value, other, "Max", never_below)


def is_never_below(value: Number, other: Number) -> bool:
    """Whether `value >= other`: at every element of arrays, and as far as their terms show it for symbols."""
    if is_exact(value) and is_exact(other):
        return bool(value >= other)
    if is_array(value) or is_array(other):
        import numpy as np

        return bool(np.all(value >= other))
    from costmodel.symbols import never_below

    return never_below(value, other)


def minimum(value: Number, other: Number) -> Number:
    """The smaller of two, element by element or symbolically."""
    if is_symbolic(value) or is_symbolic(other):
        from costmodel.symbols import never_below, outermost

        return outermost(value, other, "Min", lambda one, each: never_below(each, one))
    return -maximum(-value, -other)


@overload
def round_to(value: Exact, divisor: int = 8) -> int: ...
@overload
def round_to(value: Number, divisor: int = 8) -> Number: ...
def round_to(value: Number, divisor: int = 8) -> Number:
    """The multiple of `divisor` nearest to `value`, at least `divisor` and at least nine tenths of `value`.

    The rounding of channel widths that MobileNet introduced and X3D's released code uses for widths and
    squeeze-excite.
    """
    if is_symbolic(value):
        from costmodel.symbols import rounding

        return rounding(round_to)(value, divisor)
    nearest = maximum(times(floor(plus(divide(value, divisor), Fraction(1, 2))), divisor), divisor)
    return where(times(nearest, 10) < times(value, 9), nearest + divisor, nearest)


def log(value: Number) -> Number:
    """The natural logarithm, as a float, a symbol or an array of floats."""
    return _transcendental("log", value)


def root(value: Number) -> Number:
    """The square root, as a float, a symbol or an array of floats."""
    return _transcendental("sqrt", value)


def _transcendental(name: str, value: Number) -> Number:
    if is_exact(value):
        return getattr(math, name)(value)
    if isinstance(value, Ratios):
        value = value.numerator / value.denominator
    if is_array(value):
        import numpy as np

        return getattr(np, name)(value)
    import sympy

    return getattr(sympy, name)(value)


def repeated(amount: Number, count: Number) -> Number:
    """`amount`, `count` times over; untouched where the count is one."""
    return amount if isinstance(count, int) and count == 1 else count * amount


def share_of(amount: Number, count: Number) -> Number:
    """What each of `count` equal parts has of an amount that they share evenly."""
    if not (is_symbolic(amount) or is_symbolic(count)):
        return amount // maximum(count, 1)  # of none, nothing
    import sympy

    share = sympy.expand_mul(amount / count, deep=False)  # inside a Max it would take minutes
    return share if share.is_integer else sympy.floor(amount / sympy.Max(count, 1))  # of none, nothing


def is_zero(value: Number) -> bool:
    """Whether a value is known to be zero, everywhere."""
    if is_array(value):
        import numpy as np

        return not np.any(value.numerator if isinstance(value, Ratios) else value)
    return bool(value == 0)
