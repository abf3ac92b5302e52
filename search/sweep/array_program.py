"""Evaluates a program on arrays: what has few distinct values is looked up, the rest worked out in the cache.

A chunk of designs is one array of whole numbers for each column. Columns with few distinct values are
gathered into groups; whatever depends on one group alone is worked out once, for every combination of its
values, and looked up from then on. A figure is then a short sum of products of looked-up numbers: its terms
are collected by what the other groups contribute, so that everything the widest group contributes to one of
them is a single table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

import numpy as np

from search.sweep.array_chunk import Grid
from search.sweep.bounds import Bounds
from search.sweep.plan import Array, Leaf, Plan, nested
from search.sweep.program import Condition, Key, Monomial, Poly, Program

SAFE = 1 << 62  # half of what an int64 holds: room for one more addition
# Entries: 32 KiB. Larger tables save products, but once other processes share the caches, looking a value up
# there takes longer than those: with 16 times as many entries a busy machine was 1.3 to 1.6 times slower.
LARGEST_TABLE = 1 << 12


@dataclass(frozen=True)
class Range:
    """The values of a column: whole numbers from `low` to `high` in steps."""

    low: int
    high: int
    step: int = 1

    @property
    def length(self) -> int:
        """How many distinct values there are at most."""
        return (self.high - self.low) // self.step + 1

    @property
    def values(self) -> Array:
        """All of them."""
        return np.arange(self.low, self.high + 1, self.step, dtype=np.int64)

    def __or__(self, other: Range) -> Range:
        """The smallest range that holds both."""
        from math import gcd

        step = gcd(self.step, other.step, self.low - other.low)
        return Range(min(self.low, other.low), max(self.high, other.high), max(1, step))

    def holds(self, other: Range) -> bool:
        """Whether all values of another are among these."""
        return self | other == self


class Layout:
    """How a program is evaluated over given ranges: groups of columns with tables, and all that is left.

    Args:
        program: the polynomials and atoms.
        ranges: the values of each column, in the order of the program's columns.
        outputs: polynomials wanted, by name.
        conditions: conditions wanted, by name; each is the conjunction of several.
        designs: how many designs will be evaluated; tables larger than that would not pay.
    """

    def __init__(
        self,
        program: Program,
        ranges: Sequence[Range],
        outputs: Mapping[str, Poly],
        conditions: Mapping[str, Sequence[Condition]],
        designs: int,
    ) -> None:
        self.program, self.ranges = program, ranges
        self.bounds = Bounds(program, [(each.low, each.high) for each in ranges])
        self.scales = {name: poly.denominator for name, poly in outputs.items()}
        keys = {name: poly.scaled(self.scales[name]).key for name, poly in outputs.items()}
        for key in keys.values():
            self.bounds.poly(key)
        self.conditions = {
            name: [each for each in several if not self.bounds.always(each)]
            for name, several in conditions.items()
        }
        # Python's own numbers never overflow; far slower, and hardly ever needed.
        self.dtype: type = np.int64 if self.bounds.largest < SAFE else object
        self.tables: list[tuple[int, Array]] = []
        self._lookups: dict[tuple[int, Key], Leaf] = {}
        self._grids: dict[int, Grid] = {}
        self._flags: dict[str, tuple[list[tuple[int, Array]], list[Condition]]] = {}
        self._plans: dict[Key, Plan] = {}
        self._flat_plans: dict[Key, Plan] = {}
        self.groups = self._grouped(designs)
        self.group_of = {place: number for number, group in enumerate(self.groups) for place in group}
        self.outputs = {name: self.plan(key) for name, key in keys.items()}

    def _grouped(self, designs: int) -> list[tuple[int, ...]]:
        """Columns looked up together: those that one atom reads, then any while tables stay small."""
        # A table must pay for itself: it is filled once and read by every design.
        most = max(256, min(LARGEST_TABLE, designs // 4))
        groups = [{place} for place, each in enumerate(self.ranges) if each.length <= most]
        # In an order of their own: sets have none, and tables must be the same in every run.
        joint = sorted(
            {reads for reads in self.program.reads if len(reads) > 1},
            key=lambda reads: (len(reads), *sorted(reads)),
        )
        for reads in joint:
            touched = [group for group in groups if group & reads]
            together = set().union(*touched)
            if reads <= together and self._length(together) <= most:
                groups = [group for group in groups if group not in touched] + [together]
        # Small groups together: one lookup for each design in place of two.
        merging = True
        while merging:
            merging = False
            groups.sort(key=self._length)
            if len(groups) > 1 and self._length(groups[0] | groups[1]) <= most:
                groups = [groups[0] | groups[1], *groups[2:]]
                merging = True
        return [tuple(sorted(group)) for group in groups]

    def _length(self, places: set[int]) -> int:
        return reduce(lambda total, place: total * self.ranges[place].length, places, 1)

    def group_reading(self, reads: frozenset[int]) -> int | None:
        """The group that holds all of these columns."""
        found = {self.group_of.get(place, -1) for place in reads}
        return found.pop() if len(found) == 1 and -1 not in found else None

    def plan(self, key: Key) -> Plan:
        """How a polynomial with whole coefficients is evaluated on a chunk: nested sums of products."""
        if key not in self._plans:
            self._plans[key] = nested(self._terms(key))
        return self._plans[key]

    def _terms(self, key: Key) -> list[tuple[int, tuple[Leaf, ...]]]:
        split = [(coefficient.numerator, *self._split(monomial)) for monomial, coefficient in key]
        widest = self._widest([parts for _, parts, _ in split])
        if widest is None:
            return [(coefficient, loose) for coefficient, _, loose in split]
        gathered: dict[tuple[Leaf, ...], dict[Monomial, Fraction]] = {}
        for coefficient, parts, loose in split:
            others = tuple(
                self._lookup(group, Poly({part: Fraction(1)}).key)
                for group, part in sorted(parts.items())
                if group != widest
            )
            inside = gathered.setdefault((*others, *loose), {})
            part = parts.get(widest, ())
            inside[part] = inside.get(part, Fraction(0)) + coefficient
        terms: list[tuple[int, tuple[Leaf, ...]]] = []
        for others, inside in gathered.items():
            poly = Poly(inside)
            constant = poly.constant
            if constant is not None:
                terms.append((constant.numerator, others))
            else:
                terms.append((1, (*others, self._lookup(widest, poly.key))))
        return terms

    def _lookup(self, group: int, key: Key) -> Leaf:
        """The table of what a polynomial is for all combinations of a group's values."""
        if (group, key) not in self._lookups:
            self._lookups[group, key] = ("table", len(self.tables))
            self.tables.append((group, self._table(group, key)))
        return self._lookups[group, key]

    def _split(self, monomial: Monomial) -> tuple[dict[int, Monomial], tuple[Leaf, ...]]:
        """A product by the groups that its factors belong to, and the factors that belong to none."""
        parts: dict[int, Monomial] = {}
        loose: list[Leaf] = []
        for atom, power in monomial:
            group = self.group_reading(self.program.reads[atom])
            if group is None:
                loose += [("atom", atom)] * power
            else:
                parts[group] = (*parts.get(group, ()), (atom, power))
        return parts, tuple(loose)

    def _widest(self, split: Sequence[Mapping[int, Monomial]]) -> int | None:
        distinct: dict[int, set[Monomial]] = {}
        for parts in split:
            for group, part in parts.items():
                distinct.setdefault(group, set()).add(part)
        return max(distinct, key=lambda group: len(distinct[group]), default=None)

    def flat(self, key: Key) -> Plan:
        """How a polynomial is evaluated where nothing is looked up."""
        if key not in self._flat_plans:
            terms = [
                (
                    coefficient.numerator,
                    tuple(("atom", atom) for atom, power in monomial for _ in range(power)),
                )
                for monomial, coefficient in key
            ]
            self._flat_plans[key] = nested(terms)
        return self._flat_plans[key]

    def grid(self, group: int) -> Grid:
        """The combinations of a group's values, as a chunk without tables."""
        if group not in self._grids:
            places = self.groups[group]
            axes = np.meshgrid(*(self.ranges[place].values for place in places), indexing="ij")
            self._grids[group] = Grid(
                self, {place: axis.ravel() for place, axis in zip(places, axes, strict=True)}
            )
        return self._grids[group]

    def _table(self, group: int, key: Key) -> Array:
        grid = self.grid(group)
        return np.ascontiguousarray(np.broadcast_to(grid.run(self.flat(key)), grid.shape))

    def holding(self, name: str) -> tuple[list[tuple[int, Array]], list[Condition]]:
        """A conjunction as one table of flags for each group, and what must be tested design by design."""
        if name not in self._flags:
            tables: dict[int, Array] = {}
            loose: list[Condition] = []
            for condition in self.conditions[name]:
                group = self.group_reading(self.program.columns_of(condition))
                if group is None:
                    loose.append(condition)
                    continue
                grid = self.grid(group)
                flags = np.broadcast_to(grid.holds(condition), grid.shape)
                tables[group] = tables[group] & flags if group in tables else flags.copy()
            self._flags[name] = (list(tables.items()), loose)
        return self._flags[name]
