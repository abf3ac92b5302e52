"""Settings of many networks as columns: exact numbers, whole arrays, and arrays of exact fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from costmodel.numbers import Ratios, simplify


def column(values: Sequence[Any]) -> Any:
    """Exact numbers as one array, of whole numbers or of fractions; flags as they are when all are equal."""
    if all(isinstance(value, bool) for value in values) and len(set(values)) == 1:
        return values[0]
    above = np.array([value.numerator for value in values], dtype=np.int64)
    below = np.array([value.denominator for value in values], dtype=np.int64)
    return above if (below == 1).all() else Ratios(above, below)


def length_of(piece: Mapping[str, Any]) -> int:
    """How many networks a piece of settings stands for: the length of its arrays."""
    for value in piece.values():
        if isinstance(value, Ratios):
            return int(np.broadcast(value.numerator, value.denominator).size)
        if isinstance(value, np.ndarray):
            return int(value.size)
    return 1


def piece_of(piece: Mapping[str, Any], index: int) -> dict[str, Any]:
    """The settings of one network of a piece, as exact numbers."""
    return {name: _at(value, index) for name, value in piece.items()}


def joined(
    pieces: Sequence[Mapping[str, Any]], lengths: Sequence[int], arrays: frozenset[str]
) -> dict[str, Any]:
    """All pieces one after the other; what is the same everywhere is one number, or an array of one."""
    columns = {name: _joined([piece[name] for piece in pieces], lengths) for name in pieces[0]}
    return {
        name: column([value]) if name in arrays and isinstance(value, int | Fraction) else value
        for name, value in columns.items()
    }


def _joined(values: Sequence[Any], lengths: Sequence[int]) -> Any:
    first = values[0]
    if all(isinstance(value, int | Fraction) and value == first for value in values):
        return first
    parts = [_parts(value) for value in values]
    above = np.concatenate([_filled(part[0], n) for part, n in zip(parts, lengths, strict=True)])
    below = np.concatenate([_filled(part[1], n) for part, n in zip(parts, lengths, strict=True)])
    return above if (below == 1).all() else Ratios(above, below)


def _at(value: Any, index: int) -> Any:
    if isinstance(value, Ratios):
        above, below = (
            np.broadcast_to(part, (index + 1,)) if np.ndim(part) == 0 else part for part in _parts(value)
        )
        return simplify(Fraction(int(above[index]), int(below[index])))
    return int(value[index]) if isinstance(value, np.ndarray) else value


def _parts(value: Any) -> tuple[Any, Any]:
    if isinstance(value, Ratios | Fraction):
        return value.numerator, value.denominator
    return value, 1


def _filled(value: Any, length: int) -> Any:
    return np.broadcast_to(np.asarray(value, dtype=np.int64), (length,))
