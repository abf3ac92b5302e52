"""The helpers give the same number for ints and fractions, for symbols with values put in, and for arrays."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.arithmetic import parse
from costmodel.conditions import differ, equal
from costmodel.numbers import (
    Ratios,
    ceil,
    ceil_div,
    divide,
    floor,
    maximum,
    minimum,
    plus,
    round_to,
    share_of,
    simplify,
    times,
    where,
)

POSITIVE = st.integers(1, 10_000)
DECIMAL = st.builds(Fraction, st.integers(1, 100_000), st.sampled_from([1, 8, 10, 100, 1000]))


def as_array(value):
    exact = Fraction(value)
    return Ratios(np.array([exact.numerator]), np.array([exact.denominator]))


def of_array(value):
    if isinstance(value, Ratios):
        return Fraction(int(np.ravel(value.numerator)[0]), int(np.ravel(value.denominator)[0]))
    return np.ravel(value)[0].item()


def of_symbol(rule, *values):
    symbols = sympy.symbols(f"a:{len(values)}", positive=True)
    expression = sympy.sympify(rule(*symbols))
    exact = expression.subs(
        {
            symbol: sympy.Rational(Fraction(value).numerator, Fraction(value).denominator)
            for symbol, value in zip(symbols, values, strict=True)
        }
    )
    return Fraction(int(exact.p), int(exact.q))


def agree(rule, *values):
    plain = rule(*(simplify(Fraction(value)) for value in values))
    assert of_array(rule(*map(as_array, values))) == plain
    assert of_symbol(rule, *values) == plain


@settings(max_examples=40, deadline=None)
@given(value=DECIMAL, other=DECIMAL)
@pytest.mark.parametrize(
    "rule",
    [
        plus,
        times,
        divide,
        maximum,
        minimum,
        lambda a, b: floor(times(a, b)),
        lambda a, b: ceil(divide(a, b)),
        lambda a, b: round_to(times(a, b), 8),
        lambda a, b: round_to(plus(a, b), 4),
        lambda a, b: plus(a, -times(b, floor(divide(a, b)))),
    ],
)
def test_the_three_kinds_of_number_agree(rule, value, other):
    agree(rule, value, other)


@settings(max_examples=60, deadline=None)
@given(size=POSITIVE, divisor=st.integers(1, 32))
def test_divisions_that_round_agree(size, divisor):
    array = np.array([size])
    symbol = sympy.Symbol("size", integer=True, positive=True)
    for rule in (ceil_div, lambda a, b: a // b):
        assert rule(array, divisor)[0] == rule(size, divisor)
        assert sympy.sympify(rule(symbol, divisor)).subs(symbol, size) == rule(size, divisor)


TEXTS = [
    "round8(24 * a)",
    "ceil(5 * a) + floor(b / 2)",
    "floor(round8(48 * a) * b)",
    "max(round8(a), floor(b * 3), 7)",
    "min(a, b) * 100 // 7",
    "a % 3 + b",
    "a if a < b else 2 * b",
    "round_to(a * b, 4) - 1 / 8",
    "(a + 1) ** 3 / 4",
]


@settings(max_examples=15, deadline=None)
@given(a=DECIMAL, b=DECIMAL)
@pytest.mark.parametrize("text", TEXTS)
def test_expressions_of_specs_agree(text, a, b):
    expression = parse(text)
    agree(lambda x, y: expression.value({"a": x, "b": y}), min(a, 999), min(b, 999))


@pytest.mark.parametrize(("factor", "width"), [("0.29", 100), ("2.3", 10), ("1.1", 10), ("0.57", 100)])
def test_decimals_floor_as_people_read_them(factor, width):
    exact = Fraction(factor)
    wanted = int(exact * width)
    assert floor(times(exact, width)) == wanted
    assert floor(times(as_array(exact), width))[0] == wanted
    assert floor(times(sympy.Rational(factor), width)) == wanted


def test_equality_of_symbols_is_that_of_their_values():
    x, y = sympy.symbols("x y", integer=True, positive=True)
    assert equal(x + x, 2 * x) is True
    assert equal(x, x + 1) is False
    assert equal(x, y) == sympy.Eq(x, y)
    assert differ(x, y) == sympy.Ne(x, y)
    assert equal(np.array([1, 2]), 2).tolist() == [False, True]
    assert equal(Ratios(np.array([1, 2]), 2), Fraction(1, 2)).tolist() == [True, False]


def test_a_maximum_of_products_drops_what_can_never_be_largest():
    x, y = sympy.symbols("x y", integer=True, positive=True)
    assert maximum(x * y, x) == x * y
    assert maximum(3 * x, 2 * x) == 3 * x
    assert maximum(x + y, x) == x + y
    assert maximum(maximum(x, y), 2 * x) == sympy.Max(2 * x, y, evaluate=False)
    assert maximum(x, where(y > 1, x, 0)) == x


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(1, 50), min_size=2, max_size=6), x=st.integers(1, 9), y=st.integers(1, 9))
def test_a_maximum_of_symbols_is_that_of_the_values(sizes, x, y):
    a, b = sympy.symbols("a b", integer=True, positive=True)
    found, wanted = sizes[0] * a, sizes[0] * x
    for place, size in enumerate(sizes[1:]):
        term = (size * a * b, size * x * y) if place % 2 else (size + b, size + y)
        found, wanted = maximum(found, term[0]), max(wanted, term[1])
    assert found.subs({a: x, b: y}) == wanted


def test_where_no_part_is_there_nothing_is_shared():
    """As of a stage whose depth some designs of a sweep take to zero."""
    shares = share_of(np.array([6, 0]), np.array([3, 0]))
    assert shares.tolist() == [2, 0]
    assert share_of(6, 3) == 2


def test_a_long_sum_of_fractions_over_few_denominators_does_not_overflow():
    """As of the costs per frame of all layers behind strides in time, over widths in twentieths."""
    total = sum((Ratios(np.array([3, 5]), 8) for _ in range(100)), Ratios(np.array([1, 1]), 20))
    assert (total.denominator, total.numerator.tolist()) == (40, [1502, 2502])
