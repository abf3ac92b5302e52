"""How large each number of a program can become, from the ranges of its columns.

Because all is polynomial, bounds on the columns bound every number that can occur.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from search.sweep.program import Atom, Condition, Key, Monomial, Program


@dataclass
class Bounds:
    """The range of every atom of a program, from the ranges of its columns; all in whole numbers."""

    program: Program
    columns: Sequence[tuple[int, int]]

    def __post_init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []
        self.largest = max((abs(bound) for pair in self.columns for bound in pair), default=0)
        for atom in self.program.atoms:
            self.ranges.append(self._of(atom))

    def poly(self, key: Key) -> tuple[int, int]:
        """The range of a polynomial with whole coefficients; notes the largest number on the way to it."""
        low = high = reach = 0
        for monomial, coefficient in key:
            one, other = self._monomial(monomial, coefficient)
            low, high = low + one, high + other
            # Partial sums may be larger than the whole: what overflows on the way is wrong at the end.
            reach += max(abs(one), abs(other), abs(coefficient.numerator))
        self.largest = max(self.largest, reach)
        return low, high

    def _monomial(self, monomial: Monomial, coefficient: Fraction) -> tuple[int, int]:
        low = high = coefficient.numerator
        size = abs(coefficient.numerator)
        for atom, power in monomial:
            one, other = self.ranges[atom]
            size *= max(abs(one), abs(other), 1) ** power
            for _ in range(power):
                corners = (low * one, low * other, high * one, high * other)
                low, high = min(corners), max(corners)
        self.largest = max(self.largest, size)
        return low, high

    def _of(self, atom: Atom) -> tuple[int, int]:
        match atom.kind, atom.arguments:
            case "column", (place,):
                low, high = self.columns[place]
                return low, high
            case "value", (key,):
                return self.poly(key)
            case "floor" | "ceiling", (above, below):
                return self._quotient(above, below)
            case "round", (above, below, divisor):
                low, high = self._quotient(above, below)
                _, below_high = self.poly(below)
                reach = max(abs(low), abs(high)) + 2 * divisor
                # The rounding compares 10 * nearest * below with 9 * above: twice that, to be safe.
                self.largest = max(self.largest, 20 * reach * max(1, abs(below_high)) * divisor)
                return divisor, max(divisor, high + 2 * divisor)
            case "where", (_, *branches):
                ranges = [self.poly(each) for each in branches]
                return min(low for low, _ in ranges), max(high for _, high in ranges)
        ranges = [self.poly(each) for each in atom.arguments]
        choose: Callable[..., int] = max if atom.kind == "maximum" else min
        return choose(low for low, _ in ranges), choose(high for _, high in ranges)

    def _quotient(self, above: Key, below: Key) -> tuple[int, int]:
        low, high = self.poly(above)
        least, most = self.poly(below)
        if least <= 0:  # designs with a denominator of zero or less are not valid
            size = max(abs(low), abs(high))
            return -size, size
        quotients = [number // divisor for number in (low, high) for divisor in (least, most)]
        return min(quotients), max(quotients) + 1

    def always(self, condition: Condition) -> bool:
        """Whether a condition holds all over the ranges."""
        if condition.kind == "and":
            return all(self.always(each) for each in condition.arguments)
        if condition.kind == "or":
            return any(self.always(each) for each in condition.arguments)
        if condition.kind == "not":
            return False
        low, high = self.poly(condition.arguments[0])
        holds = {"<": high < 0, "<=": high <= 0, "==": low == high == 0, "!=": high < 0 or low > 0}
        return holds[condition.kind]
