"""What may stand in the expressions of specs, quantities and conditions, and how each of them computes."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import TypeVar

from costmodel.errors import CostModelError, OptionError, SpecError
from costmodel.numbers import Number, ceil, divide, floor, is_array, maximum, minimum, plus, round_to, times

LARGEST_EXPONENT = 16

Value = TypeVar("Value")
Operator = Callable[[Number, Number], Number]
_EXTREMES: Mapping[str, Callable[..., Number]] = {
    "min": lambda *values: reduce(minimum, values),
    "max": lambda *values: reduce(maximum, values),
}
FUNCTIONS: Mapping[str, Callable[..., Number]] = {
    "floor": floor,
    "ceil": ceil,
    "round8": lambda x: round_to(x, 8),
    "round_to": lambda x, divisor: round_to(x, divisor),
    **_EXTREMES,
}


def _size_power(base: Number, exponent: Number) -> Number:
    if not isinstance(exponent, int) or not 0 <= exponent <= LARGEST_EXPONENT:
        raise SpecError(f"an exponent of {exponent}, expected a whole number from 0 to {LARGEST_EXPONENT}")
    one: Number = 1
    return reduce(times, [base] * exponent, one)


def _figure_power(base: Number, exponent: Number) -> Number:
    if isinstance(base, int | Fraction):
        # Python would compute 9**9**9 in full: what a float cannot hold is refused before it is computed.
        bits = max(part.bit_length() for part in base.as_integer_ratio())
        # A float holds up to 2**1024.
        if abs(exponent) * bits > 1024:
            raise OverflowError
    power = base**exponent
    return float("nan") if isinstance(power, complex) else power  # the root of a negative number


# Sizes stay exact in all three kinds of number.
_OF_SIZES: Mapping[type[ast.operator], Operator] = {
    ast.Add: plus,
    # Minus and modulo in terms of `plus`, `times` and `floor`, which alone know fractions beside arrays.
    ast.Sub: lambda a, b: plus(a, -b),
    ast.Mult: times,
    ast.Div: divide,
    ast.FloorDiv: lambda a, b: floor(divide(a, b)),
    ast.Mod: lambda a, b: plus(a, -times(b, floor(divide(a, b)))),
    ast.Pow: _size_power,
}
# Figures of one network stay exact; those of many designs come here as floats, so that no product overflows.
_OF_FIGURES: Mapping[type[ast.operator], Operator] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    # A division of exact figures stays exact, so that a budget of 1/3 is met by a figure of 1/3.
    ast.Div: lambda a, b: a / b if is_array(a) or is_array(b) else divide(a, b),
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _figure_power,
}


@dataclass(frozen=True, eq=False)
class Dialect:
    """What one caller's expressions may hold, and what its user is told.

    Args:
        name: the constant of this module that it is.
        words: what may stand in an expression, for messages.
        operators, functions: the arithmetic by kind of operator, and the functions by name.
        error: the error that its user sees.
        comparisons, choices: whether comparisons with `and`, `or`, `not`, and `a if b else c` are allowed.
        figures: whether values are figures, so that an array stands for many designs and a condition on it
            holds for some; a size that is an array cannot decide which layers exist.
        largest: no number may be larger, so that no text makes a computation endless.
    """

    name: str
    words: str
    operators: Mapping[type[ast.operator], Operator]
    functions: Mapping[str, Callable[..., Number]]
    error: type[CostModelError]
    comparisons: bool = True
    choices: bool = False
    figures: bool = True
    largest: int = 10**300

    def __reduce__(self) -> str:
        return self.name  # there is one of each, so that a process sent an expression finds its own

    def bounded(self, value: Value) -> Value:
        """The value, where it is no number that is out of bounds.

        Raises:
            CostModelError: the dialect's error, where it is.
        """
        largest = self.largest
        if isinstance(value, int | Fraction) and (
            value.denominator > largest or abs(value.numerator) > largest * value.denominator
        ):
            raise self.error(f"a number {self.too_large}")
        return value

    @property
    def too_large(self) -> str:
        """What is wrong with a number that is out of bounds."""
        return f"above {self.largest:.0e}, larger than any network's"


SIZES = Dialect(
    "SIZES",
    f"names, numbers, + - * / // % **, comparisons, {', '.join(FUNCTIONS)}",
    _OF_SIZES,
    FUNCTIONS,
    SpecError,
    choices=True,
    figures=False,
    largest=10**12,
)
FIGURES = Dialect(
    "FIGURES",
    "metrics take numbers, + - * / // % ** min max alone",
    _OF_FIGURES,
    _EXTREMES,
    OptionError,
    comparisons=False,
)
CONDITIONS = Dialect(
    "CONDITIONS",
    "names, numbers, + - * / // % ** min max, comparisons, and, or, not",
    _OF_FIGURES,
    _EXTREMES,
    OptionError,
)
