"""Conditions on the figures of many designs, such as `state_floats < 2e6 and params < 4e6`."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import OptionError, SpecError, nearest
from costmodel.spec.expr import Expression, parse

Array = NDArray[Any]
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def parse_condition(text: str, known: Iterable[str], option: str = "--where") -> Expression:
    """A condition on known names.

    Raises:
        OptionError: it is not a comparison, or a name is not known.
    """
    names = set(known)
    try:
        found = parse(text)
    except SpecError as error:
        raise OptionError(f"{option} {text}: {error}") from error
    for name in sorted(found.names - names):
        raise OptionError(f"{option} {text}: unknown name {name!r}{nearest(name, names)}")
    if not _is_condition(found.tree):
        raise OptionError(f"{option} {text}: expected a comparison, such as state_floats < 2e6")
    return found


def _is_condition(tree: ast.expr) -> bool:
    match tree:
        case ast.BoolOp():
            return all(_is_condition(each) for each in tree.values)
        case ast.UnaryOp(op=ast.Not()):
            return _is_condition(tree.operand)
    return isinstance(tree, ast.Compare)


def holds(condition: Expression, columns: Mapping[str, Array]) -> Array:
    """Where a condition holds. Figures are compared as they are; in sums and products they are floats."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(_value(condition.tree, columns), dtype=bool)


def _value(tree: ast.expr, columns: Mapping[str, Array]) -> Any:
    match tree:
        case ast.Constant(value=Fraction()):
            return float(tree.value)
        case ast.Constant():
            return tree.value
        case ast.Name():
            return columns[tree.id]
        case ast.BinOp():
            return _BINARY[type(tree.op)](_real(tree.left, columns), _real(tree.right, columns))
        case ast.UnaryOp(op=ast.Not()):
            return np.logical_not(_value(tree.operand, columns))
        case ast.UnaryOp():
            value = _real(tree.operand, columns)
            return -value if isinstance(tree.op, ast.USub) else value
        case ast.BoolOp():
            join = np.logical_and if isinstance(tree.op, ast.And) else np.logical_or
            return reduce(join, (_value(each, columns) for each in tree.values))
        case ast.Compare():
            values = [_value(each, columns) for each in (tree.left, *tree.comparators)]
            pairs = zip(tree.ops, values, values[1:], strict=False)
            return reduce(np.logical_and, (_COMPARE[type(op)](one, other) for op, one, other in pairs))
    raise OptionError(f"--where: {ast.unparse(tree)} is not compared over many designs")


def _real(tree: ast.expr, columns: Mapping[str, Array]) -> Any:
    value = _value(tree, columns)
    return value.astype(np.float64) if isinstance(value, np.ndarray) else value
