"""No number of a program lies outside the range that its bounds say."""

from itertools import product

import pytest
import sympy

from search.sweep.bounds import Bounds
from search.sweep.program import Program

a, b = sympy.symbols("a b", integer=True, positive=True)
RANGES = ((1, 5), (2, 7))


@pytest.mark.parametrize(
    "formula",
    [
        a * b - 3 * a**2,
        sympy.floor((a - 4) * b / 3),
        sympy.ceiling(a / b),
        sympy.Max(a, b) - sympy.Min(a, b) * 2,
        sympy.floor(a * b / (a + b)) * (b - 6),
        sympy.Piecewise((a, a < b), (-b, True)),
    ],
)
def test_every_value_lies_within_its_bounds(formula: sympy.Expr):
    program = Program({"a": 1, "b": 1}, {})
    poly = program.poly(formula)
    bounds = Bounds(program, RANGES)  # behind the formula, whose atoms it looks at
    low, high = bounds.poly(poly.key)
    points = product(*(range(least, most + 1) for least, most in RANGES))
    values = [int(formula.subs({a: x, b: y})) for x, y in points]
    assert low <= min(values) <= max(values) <= high
    assert bounds.largest >= max(map(abs, values))
