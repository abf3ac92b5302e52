"""Between which bounds a quantity lies, where its metrics are known between bounds."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.quantities import Quantity

Floats = NDArray[np.float64] | np.float64


class Interval(NamedTuple):
    """The smallest and the largest that each of many values may be."""

    low: Floats
    high: Floats


def between(quantity: Quantity, metrics: Mapping[str, Interval]) -> Interval:
    """The bounds of a quantity: wide where its arithmetic is more than sums, products and quotients."""
    with np.errstate(all="ignore"):
        return _of(quantity.expression.tree, metrics)


def _of(node: ast.expr, metrics: Mapping[str, Interval]) -> Interval:
    match node:
        case ast.Constant(value=int() | float() | Fraction() as value):
            return Interval(np.float64(value), np.float64(value))
        case ast.Name():
            return metrics[node.id]
        case ast.UnaryOp(op=ast.USub()):
            inner = _of(node.operand, metrics)
            return Interval(-inner.high, -inner.low)
        case ast.UnaryOp():
            return _of(node.operand, metrics)
        case ast.Call(func=ast.Name(id=name)):
            choose = np.minimum if name == "min" else np.maximum
            lows, highs = zip(*(_of(each, metrics) for each in node.args), strict=True)
            return Interval(reduce(choose, lows), reduce(choose, highs))
        case ast.BinOp():
            return _joined(node.op, _of(node.left, metrics), _of(node.right, metrics))
    raise AssertionError(node)


def _joined(operator: ast.operator, left: Interval, right: Interval) -> Interval:
    match operator:
        case ast.Add():
            return Interval(left.low + right.low, left.high + right.high)
        case ast.Sub():
            return Interval(left.low - right.high, left.high - right.low)
        case ast.Mult():
            return _corners(np.multiply, left, right)
        case ast.Div():
            inside = _corners(np.divide, left, right)
            # across zero a quotient may be anything
            is_known = (right.low > 0) | (right.high < 0)
            return Interval(np.where(is_known, inside.low, -np.inf), np.where(is_known, inside.high, np.inf))
    return Interval(np.float64(-np.inf), np.float64(np.inf))


def _corners(operate: Callable[[Any, Any], Any], left: Interval, right: Interval) -> Interval:
    corners = [operate(one, other) for one in left for other in right]
    low, high = reduce(np.minimum, corners), reduce(np.maximum, corners)
    # nothing times infinity is no number: then nothing is known
    return Interval(np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high))
