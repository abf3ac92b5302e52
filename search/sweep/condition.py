"""Conditions on the figures of many designs, such as `state_floats < 2e6 and params < 4e6`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

import numpy as np

from costmodel.arithmetic import CONDITIONS, Expression, parse
from costmodel.errors import OptionError, nearest

Array = np.ndarray


def parse_condition(text: str, known: Iterable[str], option: str = "--where") -> Expression:
    """A condition on known names.

    Raises:
        OptionError: it is not a comparison, or a name is not known.
    """
    names = set(known)
    try:
        found = parse(text, CONDITIONS)
    except OptionError as error:
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
    with np.errstate(all="ignore"):
        return np.asarray(condition.value(columns), dtype=bool)
