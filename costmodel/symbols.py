"""What `costmodel.numbers` does with expressions of sympy. It imports this late, as sympy loads with it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy
from sympy import sympify
from sympy.printing.str import StrPrinter


def outermost(
    value: object, other: object, kind: str, beats: Callable[[sympy.Expr, sympy.Expr], bool]
) -> sympy.Expr:
    """The maximum or minimum of two expressions; what one of them, term by term, always beats is left out.

    sympy's own simplification of Max and Min takes minutes on the outputs of a network's layers.
    """
    function = getattr(sympy, kind)
    kept: list[sympy.Expr] = []
    for each in (*_alternatives(value, function), *_alternatives(other, function)):
        if any(beats(one, each) for one in kept):
            continue
        kept = [one for one in kept if not beats(each, one)]
        kept.append(each)
    return kept[0] if len(kept) == 1 else function(*kept, evaluate=False)


def _alternatives(value: object, function: type[sympy.Expr]) -> tuple[sympy.Expr, ...]:
    value = sympify(value)
    return value.args if isinstance(value, function) else (value,)


def never_below(value: Any, other: Any) -> bool:
    """Whether `value >= other`, seen from the terms alone: equal ones cancel, the rest must be positive."""
    value, other = sympify(value), sympify(other)
    if isinstance(other, sympy.Piecewise):  # a layer that may not be there
        return all(never_below(value, amount) for amount, _ in other.args)
    if isinstance(value, sympy.Piecewise):
        return False
    if not (value.is_Add or other.is_Add):
        return _has_factors(value, other)
    difference = value - other
    if difference.has(sympy.log):
        return bool(difference.is_number and difference >= 0)
    return all(_is_positive(term) for term in sympy.Add.make_args(sympy.expand_mul(difference)))


def _has_factors(value: sympy.Expr, other: sympy.Expr) -> bool:
    """Whether one product of positive whole numbers holds all factors of another, and no smaller number."""
    coefficient, factors = value.as_coeff_Mul()
    least, wanted = other.as_coeff_Mul()
    if not (_is_positive(value) and coefficient >= least):
        return False
    if wanted == 1 or least == 0:
        return bool(least == 0 or all(factor.is_integer for factor in factors.as_powers_dict()))
    left = dict(factors.as_powers_dict())
    for factor, power in wanted.as_powers_dict().items():
        left[factor] = left.get(factor, 0) - power
    return all(factor.is_integer and power >= 0 for factor, power in left.items() if power != 0)


def _is_positive(term: sympy.Expr) -> bool:
    coefficient, rest = term.as_coeff_Mul()
    return bool(coefficient >= 0) and all(factor.is_nonnegative for factor in rest.as_powers_dict())


@lru_cache(maxsize=1)
def rounding(exactly: Callable[[Fraction, int], int]) -> sympy.Expr:
    """`round_to` as a function of sympy, so that a formula shows it by its name."""

    class round_to_multiple(sympy.Function):  # type: ignore[misc]  # noqa: N801, sympy shows a function by the name of its class
        nargs = 2
        is_integer = True
        is_positive = True

        @classmethod
        def eval(cls, value: sympy.Expr, divisor: sympy.Expr) -> sympy.Expr:
            if value.is_Rational and divisor.is_Integer:
                return sympy.Integer(exactly(Fraction(int(value.p), int(value.q)), int(divisor)))
            return None

        def _sympystr(self, printer: StrPrinter) -> str:
            value, divisor = (printer.doprint(each) for each in self.args)
            return f"round{divisor}({value})" if divisor.isdigit() else f"round_to({value}, {divisor})"

        def _latex(self, printer: StrPrinter) -> str:
            value, divisor = (printer.doprint(each) for each in self.args)
            return rf"\operatorname{{round}}_{{{divisor}}}\left({value}\right)"

    return round_to_multiple
