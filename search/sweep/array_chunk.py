"""A piece of a sweep as arrays of one value for each design, worked out from the columns of a layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from search.sweep.plan import Array, Leaf, Plan, Values
from search.sweep.program import Atom, Condition, Key

if TYPE_CHECKING:
    from search.sweep.array_program import Layout

Flags = Array | np.bool_
ALL: Flags = np.True_
NONE: Flags = np.False_


class Grid:
    """Arrays of one value for each design, worked out from the columns; every atom once."""

    def __init__(self, layout: Layout, columns: Mapping[int, Array]) -> None:
        self.layout = layout
        self.columns = columns
        self.shape = next(iter(columns.values())).shape
        self._atoms: dict[int, Values] = {}

    def plan(self, key: Key) -> Plan:
        """How a polynomial is evaluated here."""
        return self.layout.flat(key)

    def leaf(self, leaf: Leaf) -> Values:
        """The value of a leaf."""
        return self.atom(leaf[1])

    def run(self, plan: Plan) -> Values:
        """The value of a plan; a new array, or a number."""
        value, owned = self._run(plan)
        return value if owned or isinstance(value, int) else value.copy()

    def _run(self, plan: Plan) -> tuple[Values, bool]:
        if isinstance(plan, int):
            return plan, False
        leaf, inside, outside = plan
        value, owned = self.leaf(leaf), False
        if inside != 1:
            factor, owned = self._run(inside)
            # In place where the array is ours alone, which saves making another.
            if owned:
                factor *= value
                value = factor
            else:
                value, owned = value * factor, True
        if outside != 0:
            term, is_new = self._run(outside)
            if owned:
                value += term
            elif is_new:
                term += value
                value, owned = term, True
            else:
                value, owned = value + term, True
        return value, owned

    def poly(self, key: Key) -> Values:
        """The value of a polynomial with whole coefficients."""
        return self._run(self.plan(key))[0]

    def atom(self, number: int) -> Values:
        """The value of an atom."""
        if number not in self._atoms:
            self._atoms[number] = self._work_out(self.layout.program.atoms[number])
        return self._atoms[number]

    def _work_out(self, atom: Atom) -> Values:
        match atom.kind, atom.arguments:
            case "column", (place,):
                return self.columns[place].astype(self.layout.dtype, copy=False)
            case "value", (key,):
                return self.run(self.plan(key))
            case "floor", (above, below):
                return self._quotient(self.poly(above), below)
            case "ceiling", (above, below):
                return -self._quotient(-self.poly(above), below)
            case "round", (above, below, divisor):
                return _rounded(self.poly(above), self.poly(below), divisor)
            case "where", (condition, chosen, other):
                return np.where(self.holds(condition), self.poly(chosen), self.poly(other))
        choose: Callable[..., Values] = np.maximum if atom.kind == "maximum" else np.minimum
        return reduce(choose, (self.poly(each) for each in atom.arguments))

    def _quotient(self, above: Values, below: Key) -> Values:
        divisor = self.poly(below)
        # numpy's // on whole numbers takes three times as long as a shift, and strides are 2.
        if isinstance(divisor, int) and divisor > 0 and divisor & (divisor - 1) == 0:
            return above >> (divisor.bit_length() - 1) if divisor > 1 else above
        return above // divisor

    def holds(self, condition: Condition) -> Flags:
        """Where a condition holds."""
        match condition.kind:
            case "and":
                return reduce(np.logical_and, (self.holds(each) for each in condition.arguments), ALL)
            case "or":
                return reduce(np.logical_or, (self.holds(each) for each in condition.arguments), NONE)
            case "not":
                return np.logical_not(self.holds(condition.arguments[0]))
        value = self.poly(condition.arguments[0])
        compare: Callable[[Values, int], Flags] = {
            "<": np.less,
            "<=": np.less_equal,
            "==": np.equal,
            "!=": np.not_equal,
        }[condition.kind]
        return np.asarray(compare(value, 0), dtype=bool)


class Chunk(Grid):
    """A piece of a sweep: what belongs to one group is looked up, by each design's place in its tables."""

    def __init__(self, layout: Layout, columns: Mapping[int, Array]) -> None:
        super().__init__(layout, columns)
        self._places: dict[int, Array] = {}

    def plan(self, key: Key) -> Plan:
        """How a polynomial is evaluated here: with tables."""
        return self.layout.plan(key)

    def leaf(self, leaf: Leaf) -> Values:
        """The value of a leaf: an atom, or what a table holds for each design."""
        kind, which = leaf
        if kind == "atom":
            return self.atom(which)
        group, table = self.layout.tables[which]
        return table.take(self._place(group))

    def flags(self, name: str) -> Array:
        """Where all of a conjunction holds."""
        tables, loose = self.layout.holding(name)
        found = np.ones(self.shape, dtype=bool)
        for group, table in tables:
            found &= table.take(self._place(group))
        for condition in loose:
            found &= self.holds(condition)
        return found

    def _place(self, group: int) -> Array:
        """The place of each design in the tables of a group."""
        if group not in self._places:
            place: Array | None = None
            for column in self.layout.groups[group]:
                reach = self.layout.ranges[column]
                code = self.columns[column] - reach.low
                if reach.step > 1:
                    code //= reach.step
                place = code if place is None else place * reach.length + code
            assert place is not None  # no group is empty
            self._places[group] = place
        return self._places[group]


def _rounded(above: Values, below: Values, divisor: int) -> Values:
    """`round_to` of a quotient: the nearest multiple, at least one and at least nine tenths of it."""
    nearest: Values
    # The rounding of nearly every width, as shifts.
    if isinstance(below, int) and below == 1 and divisor == 8:
        nearest = np.maximum((above + 4) >> 3 << 3, 8)
    else:
        nearest = np.maximum((2 * above + divisor * below) // (2 * divisor * below) * divisor, divisor)
    rounded: Values = nearest + divisor * (10 * nearest * below < 9 * above)
    return rounded
