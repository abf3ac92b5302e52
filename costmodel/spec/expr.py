"""Arithmetic in specs: parsed with an allow-list, never evaluated as Python, exact, and bounded in size."""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from itertools import pairwise
from typing import Any

from costmodel.errors import SpecError, nearest
from costmodel.numbers import (
    ceil,
    differ,
    divide,
    equal,
    floor,
    is_exact,
    maximum,
    minimum,
    plus,
    round_to,
    simplify,
    times,
    where,
)

LONGEST = 400
LARGEST = 10**12
LARGEST_EXPONENT = 16
DEEPEST = 40

Scope = Mapping[str, Any]
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?")

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "floor": floor,
    "ceil": ceil,
    "round8": lambda x: round_to(x, 8),
    "round_to": lambda x, divisor: round_to(x, divisor),
    "min": lambda *values: reduce(minimum, values),
    "max": lambda *values: reduce(maximum, values),
}
_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: plus,
    ast.Sub: lambda a, b: plus(a, -b),
    ast.Mult: times,
    ast.Div: divide,
    ast.FloorDiv: lambda a, b: floor(divide(a, b)),
    ast.Mod: lambda a, b: plus(a, -times(b, floor(divide(a, b)))),
    ast.Pow: lambda a, b: _power(a, b),
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: equal,
    ast.NotEq: differ,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@dataclass(frozen=True)
class Expression:
    """A parsed expression: the names that it reads, and its value in a scope."""

    text: str
    names: frozenset[str]
    tree: ast.expr

    def value(self, scope: Scope) -> Any:
        """The value, an exact number, a symbol or an array as the scope's values are.

        Raises:
            SpecError: a name is not in scope, a division by zero, a number out of bounds.
        """
        try:
            return _value(self.tree, scope)
        except ZeroDivisionError:
            raise SpecError(f"{self.text!r} divides by zero") from None


def number(text: str) -> int | Fraction | None:
    """A decimal number exactly, or None where the text is not one.

    Raises:
        SpecError: the number is out of bounds.
    """
    if len(text) > LONGEST or not _NUMBER.fullmatch(text):
        return None
    exact: int | Fraction = _bounded(simplify(Fraction(text)))
    return exact


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """An expression from its text.

    Raises:
        SpecError: it is not arithmetic on names, numbers and the known functions, or too long.
    """
    if len(text) > LONGEST:
        raise SpecError(f"an expression of {len(text)} characters, at most {LONGEST} are read")
    try:
        with warnings.catch_warnings(action="ignore"):  # Python's own hints, such as for `1 is 2`
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise SpecError(f"{_shown(text)} is not an expression") from None
    names: set[str] = set()
    tree = _checked(tree, text.strip(), names, 0)
    return Expression(text, frozenset(names), tree)


def _checked(node: ast.expr, text: str, names: set[str], depth: int) -> ast.expr:
    """The tree with exact constants, every kind of node looked up in the allow-list."""
    if depth > DEEPEST:
        raise SpecError(f"{_shown(text)} is nested more than {DEEPEST} deep")

    def inner(child: ast.expr) -> ast.expr:
        return _checked(child, text, names, depth + 1)

    match node:
        case ast.Constant(value=bool()):
            return node
        case ast.Constant(value=int() | float()):
            exact = number(text.encode()[node.col_offset : node.end_col_offset].decode())
            if exact is None:
                raise SpecError(f"{_shown(text)} holds a number that cannot be read")
            return ast.Constant(exact)  # type: ignore[arg-type]
        case ast.Name():
            if node.id not in FUNCTIONS:
                names.add(node.id)
            return node
        case ast.BinOp() if type(node.op) in _BINARY:
            return ast.BinOp(inner(node.left), node.op, inner(node.right))
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not()):
            return ast.UnaryOp(node.op, inner(node.operand))
        case ast.BoolOp():
            return ast.BoolOp(node.op, [inner(value) for value in node.values])
        case ast.Compare() if all(type(op) in _COMPARE for op in node.ops):
            return ast.Compare(inner(node.left), node.ops, [inner(value) for value in node.comparators])
        case ast.IfExp():
            return ast.IfExp(inner(node.test), inner(node.body), inner(node.orelse))
        case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS and not node.keywords and node.args:
            _check_arguments(name, len(node.args))
            return ast.Call(node.func, [inner(value) for value in node.args], [])
        case ast.Call(func=ast.Name(id=name)) if name not in FUNCTIONS:
            raise SpecError(f"unknown function {name!r}{nearest(name, FUNCTIONS)}")
    raise SpecError(
        f"{_shown(text)} is not arithmetic: names, numbers, + - * / // % **, comparisons, "
        f"{', '.join(FUNCTIONS)}"
    )


def _check_arguments(name: str, given: int) -> None:
    wanted = {"floor": 1, "ceil": 1, "round8": 1, "round_to": 2}.get(name)
    if wanted is not None and given != wanted:
        raise SpecError(f"{name} takes {wanted} argument{'s' * (wanted > 1)}, got {given}")


def _value(node: ast.expr, scope: Scope) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return _named(node.id, scope)
        case ast.BinOp():
            return _bounded(_BINARY[type(node.op)](_number(node.left, scope), _number(node.right, scope)))
        case ast.UnaryOp(op=ast.Not()):
            return not _truth(node.operand, scope)
        case ast.UnaryOp():
            value = _number(node.operand, scope)
            return -value if isinstance(node.op, ast.USub) else value
        case ast.BoolOp():
            every = all if isinstance(node.op, ast.And) else any
            return every(_truth(value, scope) for value in node.values)
        case ast.Compare():
            return _compare(node, scope)
        case ast.IfExp():
            return _choice(node, scope)
        case ast.Call(func=ast.Name(id=name)):
            return _bounded(FUNCTIONS[name](*(_number(value, scope) for value in node.args)))
    raise AssertionError(node)


def _named(name: str, scope: Scope) -> Any:
    if name not in scope:
        raise SpecError(f"unknown name {name!r}{nearest(name, scope)}")
    return scope[name]


def _number(node: ast.expr, scope: Scope) -> Any:
    value = _value(node, scope)
    return int(value) if isinstance(value, bool) else value


def _truth(node: ast.expr, scope: Scope) -> bool:
    value = _value(node, scope)
    if isinstance(value, int | Fraction):
        return bool(value)
    raise SpecError(
        f"{ast.unparse(node)!r} decides which layers exist: it must be a number, not a symbol or an array"
    )


def _compare(node: ast.Compare, scope: Scope) -> Any:
    values = [_value(child, scope) for child in (node.left, *node.comparators)]
    results = [_COMPARE[type(op)](*pair) for op, pair in zip(node.ops, pairwise(values), strict=True)]
    return results[0] if len(results) == 1 else all(results)


def _choice(node: ast.IfExp, scope: Scope) -> Any:
    condition = _value(node.test, scope)
    if isinstance(condition, int | Fraction):
        return _value(node.body if condition else node.orelse, scope)
    return where(condition, _number(node.body, scope), _number(node.orelse, scope))


def _power(base: Any, exponent: Any) -> Any:
    if not isinstance(exponent, int) or not 0 <= exponent <= LARGEST_EXPONENT:
        raise SpecError(f"an exponent of {exponent}, expected a whole number from 0 to {LARGEST_EXPONENT}")
    return reduce(times, [base] * exponent, 1)


def _bounded(value: Any) -> Any:
    if is_exact(value) and (abs(value) > LARGEST or Fraction(value).denominator > LARGEST):
        raise SpecError(f"a number above {LARGEST:.0e}, larger than any network's")
    return value


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
