"""One parser and one evaluator for every expression: of specs, budgets, limits and conditions on figures.

An expression is exact, and bounded in length, depth and size. Each caller has a dialect: what may stand in
its expressions, how large its numbers grow, which error its user sees.
"""

from costmodel.arithmetic.dialects import CONDITIONS, FIGURES, FUNCTIONS, SIZES, Dialect
from costmodel.arithmetic.evaluator import Scope
from costmodel.arithmetic.parser import NUMBER, Expression, number, parse

__all__ = [
    "CONDITIONS",
    "FIGURES",
    "FUNCTIONS",
    "NUMBER",
    "SIZES",
    "Dialect",
    "Expression",
    "Scope",
    "number",
    "parse",
]
