"""Figures are exact, and do not overflow where they stand for many designs."""

from fractions import Fraction

import numpy as np
import pytest
import sympy

from costmodel.arithmetic import CONDITIONS, FIGURES, parse
from costmodel.errors import OptionError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a / 2", Fraction(5, 2)),
        ("a // 2 + a % 3", 4),
        ("a ** 16", 5**16),
        ("9 ** 0.5", 3),
        ("max(a, 7) - min(a, 0.5)", Fraction(13, 2)),
        ("3e12 + a", 3 * 10**12 + 5),
    ],
)
def test_figures_of_one_network_are_exact(text: str, value: object):
    assert parse(text, FIGURES).value({"a": 5}) == value


def test_figures_of_many_designs_do_not_overflow():
    found = parse("a ** 4 / 3", FIGURES).value({"a": np.array([10, 10**10])})
    assert found == pytest.approx([10**4 / 3, 10**40 / 3])


def test_an_unbounded_figure_stays_unbounded():
    assert parse("a + 1", FIGURES).value({"a": float("inf")}) == float("inf")


@pytest.mark.parametrize("text", ["9**9**9**9", "((a**16)**16)**16", "1 / (2 ** 2000)"])
def test_no_text_makes_a_computation_endless(text: str):
    with pytest.raises(OptionError, match="above 1e\\+300, larger than any network's"):
        parse(text, FIGURES).value({"a": 10**9})


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a < 3", [True, False, False]),
        ("not a < 3 and b != 1.5", [False, True, False]),
        ("1 < a <= 3 or b == 1.5", [True, True, True]),
        ("max(a, b * 4) > 4", [False, False, True]),
        ("a / 0.5 >= 10", [False, False, True]),
        ("1 < 2", True),
    ],
)
def test_a_condition_holds_design_by_design(text: str, holds: object):
    columns = {"a": np.array([2, 3, 5]), "b": np.array([0.5, 1.0, 1.5])}
    assert np.array_equal(parse(text, CONDITIONS).value(columns), holds)


def test_a_chain_of_comparisons_holds_for_symbols_and_arrays_too():
    chosen = parse("1 if 0 < a < 3 else 2")
    assert [chosen.value({"a": value}) for value in (2, 3)] == [1, 2]
    assert chosen.value({"a": np.array([2, 3])}).tolist() == [1, 2]
    symbol = sympy.Symbol("a", integer=True, positive=True)
    assert [chosen.value({"a": symbol}).subs(symbol, value) for value in (2, 3)] == [1, 2]
