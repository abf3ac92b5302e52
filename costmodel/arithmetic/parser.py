"""Reads expressions with Python's grammar through an allow-list: nothing is ever evaluated as Python."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from costmodel.arithmetic.dialects import SIZES, Dialect
from costmodel.arithmetic.evaluator import COMPARISONS, Scope, evaluate
from costmodel.errors import nearest
from costmodel.numbers import Number, simplify

LONGEST = 400
DEEPEST = 40

NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?")
_WITH_UNIT = re.compile(rf"(?<![\w.])(?>{NUMBER.pattern})\s*(?!(?:and|or|not|if|else|in|is)\b)[A-Za-z]\w*")
_ARGUMENTS = {"floor": 1, "ceil": 1, "round8": 1, "round_to": 2}


@dataclass(frozen=True)
class Expression:
    """A parsed expression: the names that it reads, and its value in a scope."""

    text: str
    names: frozenset[str]
    tree: ast.expr
    dialect: Dialect

    def value(self, scope: Scope) -> Number:
        """The value: an exact number, a float, a symbol or an array, as the scope's values are.

        Raises:
            CostModelError: the dialect's error, where a name is not in scope, a division is by zero, a number
                is out of bounds.
        """
        try:
            return evaluate(self.tree, scope, self.dialect)
        except ZeroDivisionError:
            raise self.dialect.error(f"{self.text!r} divides by zero") from None
        except OverflowError:
            raise self.dialect.error(f"{self.text!r} {self.dialect.too_large}") from None


def number(text: str) -> int | Fraction | None:
    """A decimal number exactly, or None where the text is not one.

    Raises:
        SpecError: the number is out of bounds.
    """
    return _number(text, SIZES)


def _number(text: str, dialect: Dialect) -> int | Fraction | None:
    # The length first, so that a hostile text costs no matching.
    if len(text) > LONGEST or not NUMBER.fullmatch(text):
        return None
    exact: int | Fraction = dialect.bounded(simplify(Fraction(text)))
    return exact


@lru_cache(maxsize=4096)
def parse(text: str, dialect: Dialect = SIZES) -> Expression:
    """An expression from its text.

    Raises:
        CostModelError: the dialect's error, where it is not arithmetic as the dialect has it, or too long.
    """
    if len(text) > LONGEST:
        raise dialect.error(f"an expression of {len(text)} characters, at most {LONGEST} are read")
    try:
        with warnings.catch_warnings(action="ignore"):  # Python's own hints, such as for `1 is 2`
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise dialect.error(f"{_shown(text)} is not an expression{_unit_in(text)}") from None
    reader = _Reader(text.strip(), dialect, set())
    tree = reader.checked(tree, 0)
    return Expression(text, frozenset(reader.names), tree, dialect)


def _unit_in(text: str) -> str:
    """A hint where a number carries a unit or a prefix, which only the amount of a limit does."""
    found = _WITH_UNIT.search(text)
    return f": {found[0]!r} has a unit, which only a limit's amount may have" if found else ""


@dataclass(frozen=True)
class _Reader:
    """Checks the tree of one text against the allow-list, and collects the names in it."""

    text: str
    dialect: Dialect
    names: set[str]

    def checked(self, node: ast.expr, depth: int) -> ast.expr:
        """The tree with exact constants, every kind of node looked up."""
        if depth > DEEPEST:
            raise self.dialect.error(f"{_shown(self.text)} is nested more than {DEEPEST} deep")

        def inner(child: ast.expr) -> ast.expr:
            return self.checked(child, depth + 1)

        match node:
            # Ahead of the numbers: to Python a bool is an int.
            case ast.Constant(value=bool()):
                return node
            case ast.Constant(value=int() | float()):
                return ast.Constant(self._exact(node))  # type: ignore[arg-type]
            case ast.Name():
                if node.id not in self.dialect.functions:
                    self.names.add(node.id)
                return node
            case ast.BinOp() if type(node.op) in self.dialect.operators:
                return ast.BinOp(inner(node.left), node.op, inner(node.right))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return ast.UnaryOp(node.op, inner(node.operand))
            case ast.Call(func=ast.Name(id=name)) if not node.keywords and node.args:
                self._check_call(name, len(node.args))
                return ast.Call(node.func, [inner(value) for value in node.args], [])
        return self._condition(node, inner)

    def _condition(self, node: ast.expr, inner: Callable[[ast.expr], ast.expr]) -> ast.expr:
        match node:
            case ast.UnaryOp(op=ast.Not()) if self.dialect.comparisons:
                return ast.UnaryOp(node.op, inner(node.operand))
            case ast.BoolOp() if self.dialect.comparisons:
                return ast.BoolOp(node.op, [inner(value) for value in node.values])
            case ast.Compare() if self.dialect.comparisons and all(
                type(op) in COMPARISONS for op in node.ops
            ):
                return ast.Compare(inner(node.left), node.ops, [inner(each) for each in node.comparators])
            case ast.IfExp() if self.dialect.choices:
                return ast.IfExp(inner(node.test), inner(node.body), inner(node.orelse))
        raise self.dialect.error(f"{_shown(self.text)} is not arithmetic: {self.dialect.words}")

    def _exact(self, node: ast.expr) -> int | Fraction:
        # Read from the text: Python has already rounded 0.1 to a float. Its columns count bytes, not
        # characters.
        written = self.text.encode()[node.col_offset : node.end_col_offset].decode()
        exact = _number(written, self.dialect)
        if exact is None:
            raise self.dialect.error(f"{_shown(self.text)} holds a number that cannot be read")
        return exact

    def _check_call(self, name: str, given: int) -> None:
        if name not in self.dialect.functions:
            raise self.dialect.error(f"unknown function {name!r}{nearest(name, self.dialect.functions)}")
        wanted = _ARGUMENTS.get(name, given)
        if given != wanted:
            raise self.dialect.error(f"{name} takes {wanted} argument{'s' * (wanted > 1)}, got {given}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
