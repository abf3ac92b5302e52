"""All combinations of values of some sizes of a spec, in blocks of many designs at once.

Each axis is an array along its own dimension, so that what depends on one size alone is computed once for
each of its values and only sums run over all designs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm, prod

import numpy as np

from costmodel.errors import OptionError, nearest
from costmodel.numbers import Exact, Number, Ratios, exact
from costmodel.spec.axes import declares_none
from costmodel.spec.resolved import exact_text
from search.problem.designs import Family
from search.sweep.grid import Axis as Values

BLOCK = 1 << 18  # designs at a time: arrays of 2 MiB
MOST_DESIGNS = 1_000_000_000

Array = np.ndarray


@dataclass(frozen=True)
class Space:
    """All combinations of values of some sizes; the first axis changes slowest.

    Args:
        family: the networks.
        start: the sizes that no axis moves.
        axes: the sizes that move, and their values.
        labels: what tells its designs from those of other spaces: the spec, the form, fields of transforms.

    Raises:
        OptionError: there is no axis, one has no values, a size is not known, or there are too many designs.
    """

    family: Family
    start: Mapping[str, Exact]
    axes: tuple[Values, ...]
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.axes:
            raise OptionError("--over: no sizes to go through; expected NAME=LO:HI:STEP or NAME=A,B,C")
        for axis in self.axes:
            known = self.family.network.size_names
            if axis.name not in known:
                name = self.family.network.document.name
                hint = nearest(axis.name, known)
                raise OptionError(f"--over {axis.name}: {name} has no such size{hint}")
        if self.designs > MOST_DESIGNS:
            raise OptionError(f"--over: {self.designs:,} designs, at most {MOST_DESIGNS:,}; take wider steps")

    @property
    def designs(self) -> int:
        """How many designs there are."""
        return prod(axis.length for axis in self.axes)

    def blocks(self) -> Iterator[tuple[int, dict[str, Number], tuple[int, ...]]]:
        """Pieces of the space: the number of its first design, its settings as arrays, and their shape."""
        outer = self._outer()
        split, *inner = self.axes[outer:]
        size, dimensions = prod(axis.length for axis in inner), 1 + len(inner)
        columns = {axis.name: _along(axis, 1 + place, dimensions) for place, axis in enumerate(inner)}
        names = [axis.name for axis in self.axes[:outer]]
        number = 0
        for chosen in itertools.product(*(axis.values for axis in self.axes[:outer])):
            fixed = {name: _fixed(value, dimensions) for name, value in zip(names, chosen, strict=True)}
            for first in range(0, split.length, max(BLOCK // size, 1)):
                places = np.arange(first, min(first + max(BLOCK // size, 1), split.length))
                along = {split.name: _along(split, 0, dimensions, places)}
                shape = (len(places), *(axis.length for axis in inner))
                yield number, {**self._base(dimensions), **fixed, **columns, **along}, shape
                number += prod(shape)

    def _outer(self) -> int:
        """How many of the first axes are gone through value by value; the one after them in slices."""
        for outer in range(len(self.axes) - 1):
            if prod(axis.length for axis in self.axes[outer + 1 :]) <= BLOCK:
                return outer
        return len(self.axes) - 1

    def _base(self, dimensions: int) -> dict[str, Number]:
        """The sizes that do not move here, folded where another axis of the spec could move them."""
        moving = self.family.moving
        return {
            # A flag decides which layers exist, and cannot be an array.
            name: _fixed(value, dimensions) if name in moving and not isinstance(value, bool) else value
            for name, value in self.start.items()
        }

    def settings(self, number: int) -> dict[str, Exact]:
        """The exact sizes of a design."""
        found = dict(self.start)
        # a number in mixed radix, the last axis its lowest digit
        for axis in reversed(self.axes):
            number, place = divmod(number, axis.length)
            found[axis.name] = axis.values[place]
        return found


def _along(axis: Values, place: int, dimensions: int, places: Array | None = None) -> Number:
    """The values of an axis, or those at some places, as an array along its own dimension."""
    shape = tuple(-1 if dimension == place else 1 for dimension in range(dimensions))
    column = axis.column(np.arange(axis.length) if places is None else places)
    numerators = column.numerators.reshape(shape)
    return numerators if column.denominator == 1 else Ratios(numerators, np.int64(column.denominator))


def _fixed(value: Exact, dimensions: int) -> Number:
    above = np.full((1,) * dimensions, value.numerator, dtype=np.int64)
    return above if value.denominator == 1 else Ratios(above, np.int64(value.denominator))


def space_of(family: Family, start: Mapping[str, Number], over: Sequence[Values]) -> Space:
    """The space of the grids that the spec's axes declare, some replaced or added.

    Raises:
        OptionError: nothing is to be gone through.
    """
    _must_be_inside(family, over)
    chosen = {each.name: each for each in over}
    for axis in family.axes:
        if axis.grid and axis.moves not in chosen:
            # arrays hold whole numbers: a grid of fractions is one of numerators over a common denominator
            below = lcm(*(Fraction(value).denominator for value in axis.grid))
            chosen[axis.moves] = Values(axis.moves, tuple(int(value * below) for value in axis.grid), below)
    return Space(family, {name: exact(value) for name, value in start.items()}, tuple(chosen.values()))


def _must_be_inside(family: Family, over: Sequence[Values]) -> None:
    """Refuses values outside the bounds of an axis that the spec declares."""
    if declares_none(family.network.document):
        return
    for values in over:
        for axis in family.axes:
            low, high = axis.bounds
            wrong = (
                []
                if axis.moves != values.name
                else [each for each in values.values if not low <= each <= high]
            )
            if wrong:
                asked = f"--over {values.name}: {exact_text(wrong[0])}"
                inside = f"{exact_text(low)} to {exact_text(high)}"
                raise OptionError(f"{asked}, outside the bounds of axes.{axis.name}, {inside}")
