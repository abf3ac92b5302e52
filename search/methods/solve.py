"""Inverse questions over a whole grid of designs: the best one within limits, the front of several figures.

The grid is worked out in blocks, each axis of it an array along its own dimension, so that what depends on
one size alone is computed once for each of its values and only sums run over all designs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from costmodel.analysis.figures import Figures
from costmodel.analysis.quantities import Limit, Quantity
from costmodel.errors import CostModelError, OptionError, nearest
from costmodel.network import Settings
from costmodel.numbers import Exact, Number, Ratios, exact
from search.problem.alike import groups
from search.problem.designs import Design, Family, broken_designs, values_of
from search.sweep.grid import Axis as Values
from search.sweep.pareto import Front

BLOCK = 1 << 18  # designs at a time: arrays of 2 MiB
MOST_DESIGNS = 1_000_000_000
SAMPLE, STRONG = 1000, 12  # designs looked at, and good points taken, to leave most of a block out early
LARGER_IS_BETTER = ("entropy", "depth", "receptive_field")

Array = np.ndarray
Listener = Callable[[int], None]


@dataclass(frozen=True)
class Space:
    """All combinations of values of some sizes; the first axis changes slowest.

    Raises:
        OptionError: there is no axis, one has no values, a size is not known, or there are too many designs.
    """

    family: Family
    start: Mapping[str, Exact]
    axes: tuple[Values, ...]

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


@dataclass
class Counts:
    """How many designs there are, how many are valid networks, and how many each limit excludes."""

    designs: int
    valid: int = 0
    within: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    alone: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Solved:
    """An answer: the designs found, best first or along the front, and the counts."""

    found: tuple[Design, ...]
    counts: Counts


def solve(
    space: Space, maximize: Quantity, limits: Sequence[Limit], listen: Listener | None = None
) -> Solved:
    """The design of the largest value of a quantity within the limits, by going through all of them.

    Raises:
        OptionError: the limits exclude everything.
    """
    counts = Counts(space.designs)
    best, chosen = -np.inf, -1
    for first, values, within in _pieces(space, (maximize,), limits, counts, listen):
        objective = np.where(within, values[maximize.text], -np.inf)
        place = int(np.argmax(objective))
        # not >=: among equals the first design stays, whatever the size of the blocks
        if objective[place] > best:
            best, chosen = float(objective[place]), first + place
    if chosen < 0:
        raise OptionError(f"the limits exclude all {counts.designs:,} designs: {told(counts)}")
    return Solved(_designs(space, [chosen], (maximize, *(each.quantity for each in limits))), counts)


def pareto(
    space: Space, objectives: Sequence[str], limits: Sequence[Limit], listen: Listener | None = None
) -> Solved:
    """The designs within the limits that no other one beats on every objective.

    Raises:
        OptionError: the limits exclude everything, or an objective is not known.
    """
    counts, best = Counts(space.designs), Front()
    aims = [aim(text) for text in objectives]
    for first, values, within in _pieces(space, [each for each, _ in aims], limits, counts, listen):
        columns = [sign * values[each.text] for each, sign in aims]
        left = np.flatnonzero(within & ~_plainly_beaten(columns, best.points))
        # Comparing each with the whole front is dear; hardly any design comes this far.
        best.add(np.stack([column[left] for column in columns], axis=1), first + left)
    if not len(best.numbers):
        raise OptionError(f"the limits exclude all {counts.designs:,} designs: {told(counts)}")
    quantities = (*(each for each, _ in aims), *(each.quantity for each in limits))
    return Solved(_designs(space, best.numbers.tolist(), quantities), counts)


def _plainly_beaten(columns: Sequence[Array], points: Array | None) -> Array:
    """Which designs one of a few good points of the front beats or equals: nearly all, and cheaply."""
    beaten = np.zeros(len(columns[0]), dtype=bool)
    if points is None or not len(points):
        return beaten
    sample = np.stack([column[:: max(len(column) // SAMPLE, 1)] for column in columns], axis=1)
    for _ in range(STRONG):
        hits = np.array([(sample >= point).all(axis=1).sum() for point in points[:SAMPLE]])
        if not len(sample) or not hits.max(initial=0):
            break
        point = points[int(hits.argmax())]
        # the next point is chosen for what this one leaves over
        sample = sample[~(sample >= point).all(axis=1)]
        by_this = columns[0] >= point[0]
        for column, value in zip(columns[1:], point[1:], strict=True):
            by_this &= column >= value
        beaten |= by_this
    return beaten


def aim(text: str) -> tuple[Quantity, float]:
    """An objective and its sign: costs are to be small, `entropy` large; a leading + or - says otherwise."""
    bare = text.strip().lstrip("+-")
    larger = text.strip().startswith("-") if text.strip()[:1] in "+-" else bare in LARGER_IS_BETTER
    return Quantity(bare), -1.0 if larger else 1.0


def told(counts: Counts) -> str:
    """How much each limit excludes, in words."""
    parts = [f"{counts.designs - counts.valid:,} are no networks"] if counts.valid < counts.designs else []
    parts += [f"{name} excludes {count:,}" for name, count in counts.excluded.items()]
    return "; ".join(parts) or "none are networks"


def _pieces(
    space: Space,
    quantities: Sequence[Quantity],
    limits: Sequence[Limit],
    counts: Counts,
    listen: Listener | None,
) -> Iterator[tuple[int, Mapping[str, Array], Array]]:
    """For each block its first design's number, its quantities, and which of it are within all limits."""
    wanted = tuple(dict.fromkeys((*quantities, *(each.quantity for each in limits))))
    for first, settings, shape in space.blocks():
        values, valid = _block(space.family, settings, shape, wanted)
        holds = [np.asarray(each.holds(values[each.quantity.text])) for each in limits]
        within = valid.copy()
        for each in holds:
            within &= each
        _count(counts, limits, holds, valid, within)
        if listen is not None:
            listen(first + len(valid))
        yield first, values, within


def _block(
    family: Family, settings: Mapping[str, Number], shape: tuple[int, ...], quantities: Sequence[Quantity]
) -> tuple[dict[str, Array], Array]:
    wanted = {each.text: each for each in quantities}

    def work_out(these: Settings, shape: tuple[int, ...]) -> tuple[dict[str, Array], Array]:
        figures = Figures(family.at(these).graph(), family.dtype)
        values = {text: values_of(each, figures, shape).ravel() for text, each in wanted.items()}
        valid = np.ones(shape, dtype=bool)
        for _, holds, _, _ in broken_designs(figures.graph):
            valid &= holds
        return values, valid.ravel()

    try:
        return work_out(settings, shape)
    except CostModelError:  # what decides which layers exist cannot be an array along its own dimension
        flat = {name: _flat(value, shape) for name, value in settings.items()}
    values = {text: np.zeros(prod(shape)) for text in wanted}
    valid = np.zeros(prod(shape), dtype=bool)
    for rows, found in groups(flat, len(valid), lambda these, count: work_out(these, (count,))):
        if found is not None:
            valid[rows] = found[1]
            for text in wanted:
                values[text][rows] = found[0][text]
    return values, valid


def _flat(value: Number, shape: tuple[int, ...]) -> Number:
    """The values of all designs of a block one after the other; those that are the same in all stay one."""
    if isinstance(value, Ratios):
        return Ratios(_flat(value.numerator, shape), value.denominator)
    if not isinstance(value, np.ndarray):
        return value
    return value.ravel() if value.size == 1 else np.broadcast_to(value, shape).ravel()


def _count(
    counts: Counts, limits: Sequence[Limit], holds: Sequence[Array], valid: Array, within: Array
) -> None:
    counts.valid += int(valid.sum())
    counts.within += int(within.sum())
    for index, each in enumerate(limits):
        # What a limit excludes by itself alone tells which one to loosen.
        others = valid.copy()
        for place, other in enumerate(holds):
            if place != index:
                others &= other
        name = str(each)
        counts.excluded[name] = counts.excluded.get(name, 0) + int((valid & ~holds[index]).sum())
        counts.alone[name] = counts.alone.get(name, 0) + int((others & ~holds[index]).sum())


def _designs(space: Space, numbers: Sequence[int], quantities: Sequence[Quantity]) -> tuple[Design, ...]:
    rows = [space.settings(number) for number in numbers]
    unique = tuple(dict.fromkeys(quantities))
    found: list[Design] = []
    # A front may have a million designs, whose arrays at once would take too much memory.
    for start in range(0, len(rows), 1024):
        found += space.family.designs(rows[start : start + 1024], unique, addresses=False)
    return tuple(found)


def space_of(family: Family, start: Mapping[str, Number], over: Sequence[Values]) -> Space:
    """The space of the grids that the spec's axes declare, some replaced or added.

    Raises:
        OptionError: nothing is to be gone through.
    """
    from fractions import Fraction
    from math import lcm

    chosen = {each.name: each for each in over}
    for axis in family.axes:
        if axis.grid and axis.moves not in chosen:
            # arrays hold whole numbers: a grid of fractions is one of numerators over a common denominator
            below = lcm(*(Fraction(value).denominator for value in axis.grid))
            chosen[axis.moves] = Values(axis.moves, tuple(int(value * below) for value in axis.grid), below)
    return Space(family, {name: exact(value) for name, value in start.items()}, tuple(chosen.values()))
