"""The designs of a sweep: axes of exact values, all their combinations or some drawn at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm, prod

import numpy as np

from costmodel.arithmetic import number
from costmodel.errors import OptionError
from costmodel.numbers import simplify
from search.sweep.array_program import Range
from search.sweep.columns import Column

Array = np.ndarray
MOST_VALUES = 10_000_000
DRAWN = 1 << 14  # designs drawn from one seed: a sweep in other pieces draws the same
FLAGS = {"false": 0, "true": 1}


@dataclass(frozen=True)
class Axis:
    """The values that one name takes: whole numerators, evenly spaced or listed, over one denominator."""

    name: str
    numerators: Range | tuple[int, ...]
    denominator: int = 1

    @property
    def length(self) -> int:
        """How many values."""
        return self.numerators.length if isinstance(self.numerators, Range) else len(self.numerators)

    @property
    def reach(self) -> Range:
        """A range that holds all values."""
        if isinstance(self.numerators, Range):
            return self.numerators
        return Range(min(self.numerators), max(self.numerators))

    def column(self, places: Array) -> Column:
        """The values at these places."""
        if isinstance(self.numerators, Range):
            return Column(places * self.numerators.step + self.numerators.low, self.denominator)
        return Column(np.array(self.numerators, dtype=np.int64)[places], self.denominator)

    @property
    def values(self) -> list[int | Fraction]:
        """All values."""
        column = self.column(np.arange(self.length))
        return [column.value(place) for place in range(self.length)]


def parse_axis(text: str, option: str, *, step: Fraction | None = None) -> Axis:
    """An axis from `NAME=LO:HI:STEP`, `NAME=LO:HI` or `NAME=A,B,C`.

    Args:
        text: as written.
        option: the option it was given to, for messages.
        step: the step where none is given.

    Raises:
        OptionError: it has another form, or no values.
    """
    name, equals, values = text.partition("=")
    if not equals or not name.strip() or not values.strip():
        raise OptionError(f"{option} {text}: expected NAME=LO:HI:STEP or NAME=A,B,C")
    if ":" not in values:
        return _listed(name.strip(), [_exact(each, text, option) for each in values.split(",")])
    parts = [_exact(each, text, option) for each in values.split(":")]
    if len(parts) not in (2, 3):
        raise OptionError(
            f"{option} {text}: {len(parts)} values between colons, expected LO:HI or LO:HI:STEP"
        )
    low, high = parts[:2]
    stride = parts[2] if len(parts) == 3 else step or _default_step(low, high)
    if stride <= 0:
        raise OptionError(f"{option} {text}: a step of {stride}, expected one above zero")
    if high < low:
        raise OptionError(f"{option} {text}: no points, {_shown(high)} is below {_shown(low)}")
    denominator = lcm(low.denominator, stride.denominator)
    # Exact numbers: of floats (0.7 - 0.1) / 0.1 is 5.999..., and a value would be missing.
    count = int((high - low) / stride)
    if count >= MOST_VALUES:
        raise OptionError(f"{option} {text}: {count + 1} values, at most {MOST_VALUES} on one axis")
    first, each = int(low * denominator), int(stride * denominator)
    return Axis(name.strip(), Range(first, first + count * each, each), denominator)


def _default_step(low: Fraction, high: Fraction) -> Fraction:
    """One between whole numbers, a hundredth between others."""
    return Fraction(1) if low.denominator == high.denominator == 1 else Fraction(1, 100)


def _exact(text: str, given: str, option: str) -> Fraction:
    stripped = text.strip()
    exact = FLAGS[stripped] if stripped in FLAGS else number(stripped)
    if exact is None:
        raise OptionError(f"{option} {given}: {stripped!r}, expected a number, true or false")
    return Fraction(exact)


def _listed(name: str, values: Sequence[Fraction]) -> Axis:
    distinct = list(dict.fromkeys(values))
    denominator = lcm(*(each.denominator for each in distinct))
    return Axis(name, tuple(int(each * denominator) for each in distinct), denominator)


def _shown(value: Fraction) -> str:
    return str(simplify(value)) if value.denominator == 1 else f"{float(value):g}"


@dataclass(frozen=True)
class Grid:
    """All designs of a sweep in order: every combination of the axes' values, or `drawn` ones at random.

    The last axis changes fastest. Random designs draw each axis evenly and depend on the seed and on their
    number alone.

    Raises:
        OptionError: there is no axis, or one name has two.
    """

    axes: tuple[Axis, ...]
    drawn: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.axes:
            raise OptionError(
                "--grid: a sweep without axes has no points; expected NAME=LO:HI:STEP or NAME=A,B,C"
            )
        names = [axis.name for axis in self.axes]
        for name in names:
            if names.count(name) > 1:
                raise OptionError(f"--grid {name}: is given twice")
        if self.drawn is not None and self.drawn < 1:
            raise OptionError(f"--random: {self.drawn}, expected one design or more")

    @property
    def designs(self) -> int:
        """How many designs there are."""
        return prod(axis.length for axis in self.axes) if self.drawn is None else self.drawn

    @property
    def ranges(self) -> Mapping[str, tuple[Range, int]]:
        """The range of each axis, and its denominator."""
        return {axis.name: (axis.reach, axis.denominator) for axis in self.axes}

    def columns(self, start: int, stop: int) -> dict[str, Column]:
        """The designs from one number to another, as columns."""
        places = self._combined(start, stop) if self.drawn is None else self._random(start, stop)
        return {axis.name: axis.column(each) for axis, each in zip(self.axes, places, strict=True)}

    def _combined(self, start: int, stop: int) -> list[Array]:
        left = np.arange(start, stop)
        places: list[Array] = []
        for axis in reversed(self.axes):
            left, place = np.divmod(left, axis.length)
            places.append(place)
        return places[::-1]

    def _random(self, start: int, stop: int) -> list[Array]:
        first = start // DRAWN
        # Whole blocks of one seed each: design n is the same in whatever pieces the sweep runs.
        blocks = [self._block(number) for number in range(first, -(-stop // DRAWN))]
        piece = slice(start - first * DRAWN, stop - first * DRAWN)
        return [np.concatenate(each)[piece] for each in zip(*blocks, strict=True)]

    def _block(self, number: int) -> list[Array]:
        generator = np.random.default_rng([self.seed, number])
        return [generator.integers(0, axis.length, DRAWN) for axis in self.axes]
