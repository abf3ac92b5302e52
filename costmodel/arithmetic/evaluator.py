"""The value of a checked tree: exact numbers, floats, symbols or arrays, as the names in it are."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import pairwise

from costmodel.arithmetic.dialects import Dialect
from costmodel.conditions import differ, equal
from costmodel.errors import Divergence, nearest
from costmodel.numbers import Condition, Number, even, is_array, where

Scope = Mapping[str, Number]
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Number, Number], Condition]] = {
    ast.Eq: equal,
    ast.NotEq: differ,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def evaluate(node: ast.expr, scope: Scope, dialect: Dialect) -> Number:
    """The value of a tree that the parser has checked.

    Raises:
        CostModelError: the dialect's error, where a name is not in scope or a number is out of bounds.
        ZeroDivisionError, OverflowError: as Python has them.
    """
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return _named(node.id, scope, dialect)
        case ast.BinOp():
            left, right = _numbers((node.left, node.right), scope, dialect)
            return dialect.bounded(dialect.operators[type(node.op)](left, right))
        case ast.Compare():
            return _compared(node, scope, dialect)
        case ast.Call(func=ast.Name(id=name)):
            return dialect.bounded(dialect.functions[name](*_numbers(node.args, scope, dialect)))
        case ast.BoolOp():
            return _joined(node, scope, dialect)
        case ast.IfExp():
            return _choice(node, scope, dialect)
        case ast.UnaryOp(op=ast.Not()):
            return _negated(_truth(node.operand, scope, dialect))
        case ast.UnaryOp():
            (operand,) = _numbers((node.operand,), scope, dialect)
            return -operand if isinstance(node.op, ast.USub) else operand
    raise AssertionError(node)


def _named(name: str, scope: Scope, dialect: Dialect) -> Number:
    if name not in scope:
        raise dialect.error(f"unknown name {name!r}{nearest(name, scope)}")
    return scope[name]


def _numbers(nodes: Sequence[ast.expr], scope: Scope, dialect: Dialect) -> list[Number]:
    values = [evaluate(node, scope, dialect) for node in nodes]
    if dialect.figures and not all(isinstance(value, int | Fraction) for value in values):
        return [value.astype(float) if is_array(value) else float(value) for value in values]
    # A flag counts as 0 or 1; sympy would refuse it beside a symbol.
    return [int(value) if value is True or value is False else value for value in values]


def _truth(node: ast.expr, scope: Scope, dialect: Dialect) -> Condition:
    value = evaluate(node, scope, dialect)
    if dialect.figures and not isinstance(value, int | Fraction):
        return value != 0
    value = even(value)
    if isinstance(value, int | Fraction):
        return bool(value)
    text = ast.unparse(node)
    raise dialect.error(
        f"{text!r} decides which layers exist: it must be a number, not a symbol or an array"
    ) from Divergence(value)


def _joined(node: ast.BoolOp, scope: Scope, dialect: Dialect) -> Condition:
    parts = (_truth(value, scope, dialect) for value in node.values)
    if not dialect.figures:  # what the first part decides needs no second one, which may divide by zero
        return all(parts) if isinstance(node.op, ast.And) else any(parts)
    return reduce(operator.and_ if isinstance(node.op, ast.And) else operator.or_, parts)


def _compared(node: ast.Compare, scope: Scope, dialect: Dialect) -> Condition:
    values = [evaluate(child, scope, dialect) for child in (node.left, *node.comparators)]
    if dialect.figures and any(is_array(value) for value in values):
        # numpy compares an array with a Fraction as objects, element by element in Python.
        values = [float(value) if isinstance(value, Fraction) else value for value in values]
    pairs = zip(node.ops, pairwise(values), strict=True)
    return reduce(operator.and_, (COMPARISONS[type(op)](*pair) for op, pair in pairs))


def _choice(node: ast.IfExp, scope: Scope, dialect: Dialect) -> Number:
    condition = evaluate(node.test, scope, dialect)
    if isinstance(condition, int | Fraction):
        return evaluate(node.body if condition else node.orelse, scope, dialect)
    return where(condition, *_numbers((node.body, node.orelse), scope, dialect))


def _negated(truth: Condition) -> Condition:
    return not truth if isinstance(truth, bool) else ~truth
