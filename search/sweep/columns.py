"""Settings of many networks as columns: exact numbers, whole arrays, and arrays of exact fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import NamedTuple, Union

import numpy as np

from costmodel.errors import OptionError
from costmodel.numbers import Exact, Number, Ratios, Size, simplify

Array = np.ndarray
# What a caller may give as a column.
Values = Union["Column", Ratios, Array, Sequence[Exact]]


class Column(NamedTuple):
    """Exact decimals as whole numerators over one denominator."""

    numerators: Array
    denominator: int = 1

    @staticmethod
    def of(values: Values) -> Column:
        """A column from whole numbers, `Ratios`, or a list of ints and fractions.

        Raises:
            OptionError: the values are floats, which are not exact.
        """
        if isinstance(values, Column):
            return values
        if isinstance(values, Ratios):
            return _over_one(values)
        if isinstance(values, np.ndarray):
            if values.dtype.kind not in "iub":
                raise OptionError("a column of floats is not exact; give whole numbers or fractions")
            return Column(values.astype(np.int64, copy=False))
        exact = [Fraction(each) for each in np.ravel(np.asarray(values, dtype=object))]
        denominator = lcm(*(each.denominator for each in exact)) if exact else 1
        return Column(np.array([int(each * denominator) for each in exact], dtype=np.int64), denominator)

    def over(self, denominator: int) -> Array:
        """The numerators over a multiple of the denominator."""
        factor = denominator // self.denominator
        return self.numerators if factor == 1 else self.numerators * factor

    def value(self, index: int) -> Exact:
        """One of its values."""
        return simplify(Fraction(int(self.numerators[index]), self.denominator))


def _over_one(ratios: Ratios) -> Column:
    denominators = np.unique(ratios.denominator)
    common = lcm(*(int(each) for each in denominators))
    numerators = np.asarray(ratios.numerator, dtype=np.int64) * (common // np.asarray(ratios.denominator))
    return Column(np.atleast_1d(numerators), common)


def column(values: Sequence[Exact]) -> Number:
    """Exact numbers as one integer array, or as `Ratios` where one is a fraction; equal flags stay a flag."""
    # A flag decides which layers exist, and cannot be an array.
    if all(isinstance(value, bool) for value in values) and len(set(values)) == 1:
        return values[0]
    above = np.array([value.numerator for value in values], dtype=np.int64)
    below = np.array([value.denominator for value in values], dtype=np.int64)
    # Plain arrays where no fraction is left: arithmetic on ratios is slower.
    return above if (below == 1).all() else Ratios(above, below)


def length_of(piece: Mapping[str, Number]) -> int:
    """How many networks a piece of settings stands for: the length of its arrays."""
    for value in piece.values():
        if isinstance(value, Ratios):
            return int(np.broadcast(value.numerator, value.denominator).size)
        if isinstance(value, np.ndarray):
            return int(value.size)
    return 1


def piece_of(piece: Mapping[str, Number], index: int) -> dict[str, Number]:
    """The settings of one network of a piece, as exact numbers."""
    return {name: _at(value, index) for name, value in piece.items()}


def joined(
    pieces: Sequence[Mapping[str, Number]], lengths: Sequence[int], arrays: frozenset[str]
) -> dict[str, Number]:
    """Concatenates pieces; values equal everywhere stay scalar, in `arrays` as arrays of one."""
    columns = {name: _joined([piece[name] for piece in pieces], lengths) for name in pieces[0]}
    return {
        name: column([value]) if name in arrays and isinstance(value, int | Fraction) else value
        for name, value in columns.items()
    }


def _joined(values: Sequence[Number], lengths: Sequence[int]) -> Number:
    first = values[0]
    if all(isinstance(value, int | Fraction) and value == first for value in values):
        return first
    parts = [_parts(value) for value in values]
    above = np.concatenate([_filled(part[0], n) for part, n in zip(parts, lengths, strict=True)])
    below = np.concatenate([_filled(part[1], n) for part, n in zip(parts, lengths, strict=True)])
    return above if (below == 1).all() else Ratios(above, below)


def _at(value: Number, index: int) -> Number:
    if isinstance(value, Ratios):
        above, below = (
            np.broadcast_to(part, (index + 1,)) if part.ndim == 0 else part
            for part in map(np.asarray, _parts(value))
        )
        return simplify(Fraction(int(above[index]), int(below[index])))
    return int(value[index]) if isinstance(value, np.ndarray) else value


def _parts(value: Number) -> tuple[Size, Size]:
    if isinstance(value, Ratios | Fraction):
        return value.numerator, value.denominator
    return value, 1


def _filled(value: Size, length: int) -> Array:
    return np.broadcast_to(np.asarray(value, dtype=np.int64), (length,))
