"""What a percent more of a size costs: formulas at a point, exactly, and their slopes there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from costmodel.analysis.formula import Formulas
from costmodel.errors import OptionError
from costmodel.numbers import Exact, round_to, simplify

if TYPE_CHECKING:
    import sympy

MOST_PERCENT = 100


@dataclass(frozen=True)
class Dual:
    """A value and its slope along one symbol. Rounding keeps the slope of what it rounds."""

    value: Exact | float
    slope: float = 0.0


@dataclass(frozen=True)
class Sensitivity:
    """What one size does to one total, at a point.

    Args:
        symbol: the size.
        total: the metric.
        at: the value of the size.
        value: the total there.
        elasticity: percent more of the total for a percent more of the size, floors taken as smooth.
        next_at: the next value of the size that changes the total: one more of a whole number, else the first
            of +1 %, +2 % ... +100 %.
        change: what the total then changes by, exactly, in percent.
    """

    symbol: str
    total: str
    at: Exact
    value: Exact | float
    elasticity: float | None
    next_at: Exact | None = None
    change: float | None = None


def value_at(found: Formulas, point: Mapping[str, Exact]) -> dict[str, Exact | float | None]:
    """All totals at a point, exactly: what the integer analysis gives for these sizes."""
    scope = _scope(found, point, "")
    return {
        name: None if each is None else simplify(dual(each, scope).value)
        for name, each in found.totals.items()
    }


def describes(found: Formulas, point: Mapping[str, Exact]) -> bool:
    """Whether the sizes at a point make a network, and the one that the formulas describe."""
    # Symbols are taken to be positive; simplifications of the formulas rest on that.
    if not all(point[name] > 0 for name in found.free):
        return False
    scope = _scope(found, point, "")
    return all(_holds(each, scope) for each in (*found.demands, *found.assumptions))


def sensitivities(
    found: Formulas, point: Mapping[str, Exact], totals: tuple[str, ...] | None = None
) -> list[Sensitivity]:
    """What each free size does to each total at a point; totals that do not apply are left out."""
    rows = []
    for symbol in found.free:
        scope = _scope(found, point, symbol)
        for name, formula in found.totals.items():
            if formula is None or (totals is not None and name not in totals):
                continue
            here = dual(formula, scope)
            elasticity = float(here.slope * point[symbol] / here.value) if here.value else None
            next_at, change = _next(found, point, symbol, name, here.value)
            value = simplify(here.value)
            rows.append(Sensitivity(symbol, name, point[symbol], value, elasticity, next_at, change))
    return rows


def _next(
    found: Formulas, point: Mapping[str, Exact], symbol: str, total: str, here: Exact | float
) -> tuple[Exact | None, float | None]:
    now = Fraction(point[symbol])
    whole = found.free[symbol].is_integer
    for percent in range(1, MOST_PERCENT + 1):
        moved = simplify(now + percent if whole else now * Fraction(100 + percent, 100))
        there = dual(found.totals[total], _scope(found, {**point, symbol: moved}, "")).value
        if there != here:
            return moved, float(100 * (there - here) / here) if here else None
        # One more of a size that the formula does not read changes nothing, and neither will a hundred.
        if whole and percent == 1 and not _reads(found, symbol, total):
            break
    return None, None


def _reads(found: Formulas, symbol: str, total: str) -> bool:
    return any(each.name == symbol for each in found.reached(found.totals[total]))


def _scope(found: Formulas, point: Mapping[str, Exact], along: str) -> dict[sympy.Symbol, Dual]:
    scope = {
        symbol: Dual(Fraction(point[name]), 1.0 if name == along else 0.0)
        for name, symbol in found.free.items()
    }
    for symbol, definition in found.definitions.items():
        scope[symbol] = dual(definition, scope)
    return scope


def dual(expression: sympy.Expr, scope: Mapping[sympy.Symbol, Dual]) -> Dual:
    """The exact value of an expression and its slope.

    Raises:
        OptionError: it holds what has no value here.
    """
    if expression.is_Symbol:
        return scope[expression]
    if expression.is_Rational:
        return Dual(Fraction(int(expression.p), int(expression.q)))
    if expression.is_number and not expression.args:
        return Dual(float(expression))
    name = type(expression).__name__
    if name == "Piecewise":
        # Only the branch that holds: the others may divide by zero here.
        return next(dual(value, scope) for value, condition in expression.args if _holds(condition, scope))
    if name not in _RULES:
        raise OptionError(f"{name}: has no value in a formula")
    return _RULES[name](*(dual(each, scope) for each in expression.args))


def _holds(condition: sympy.Basic, scope: Mapping[sympy.Symbol, Dual]) -> bool:
    if condition.is_Boolean and not condition.args:
        return bool(condition)
    name = type(condition).__name__
    if name in ("And", "Or", "Not"):
        inner = [_holds(each, scope) for each in condition.args]
        return not inner[0] if name == "Not" else all(inner) if name == "And" else any(inner)
    left, right = (dual(each, scope).value for each in condition.args)
    return _RELATIONS[name](left, right)


def _sum(*terms: Dual) -> Dual:
    return Dual(sum(each.value for each in terms), sum(each.slope for each in terms))


def _product(*factors: Dual) -> Dual:
    value: Exact | float = 1
    slope = 0.0
    for factor in factors:
        # The product rule, one factor at a time; values stay exact, slopes are floats.
        slope = slope * float(factor.value) + float(value) * factor.slope
        value = value * factor.value
    return Dual(value, slope)


def _power(base: Dual, exponent: Dual) -> Dual:
    power = exponent.value
    if isinstance(power, Fraction) and power.denominator == 1:
        slope = float(power) * float(base.value) ** (int(power) - 1) * base.slope if power else 0.0
        return Dual(base.value ** int(power), slope)
    return Dual(
        float(base.value) ** float(power), float(power) * float(base.value) ** (float(power) - 1) * base.slope
    )


def _logarithm(argument: Dual) -> Dual:
    return Dual(math.log(argument.value), argument.slope / float(argument.value))


def _modulo(value: Dual, divisor: Dual) -> Dual:
    # As with a floor: the slope is that between the jumps.
    return Dual(value.value % divisor.value, value.slope)


_RULES: Mapping[str, Callable[..., Dual]] = {
    "Add": _sum,
    "Mul": _product,
    "Pow": _power,
    "floor": lambda each: Dual(math.floor(each.value), each.slope),
    "ceiling": lambda each: Dual(math.ceil(each.value), each.slope),
    "round_to_multiple": lambda each, to: Dual(round_to(each.value, int(to.value)), each.slope),
    # The slope of the one that wins; where two are equal, of the first.
    "Max": lambda *each: max(each, key=lambda one: one.value),
    "Min": lambda *each: min(each, key=lambda one: one.value),
    "Mod": _modulo,
    "log": _logarithm,
}
_RELATIONS: Mapping[str, Callable[[Exact | float, Exact | float], bool]] = {
    "GreaterThan": lambda a, b: bool(a >= b),
    "StrictGreaterThan": lambda a, b: bool(a > b),
    "LessThan": lambda a, b: bool(a <= b),
    "StrictLessThan": lambda a, b: bool(a < b),
    "Equality": lambda a, b: bool(a == b),
    "Unequality": lambda a, b: bool(a != b),
}
