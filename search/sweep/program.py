"""Formulas as exact integer arithmetic: polynomials over atoms.

A sympy formula becomes a polynomial with fractional coefficients over *atoms*: the swept columns, and
whatever is no polynomial itself (a floor, a rounding, a maximum, a choice), whose arguments are polynomials
again. Every atom is a whole number: a column of decimals is its numerators over one denominator. Equal
atoms are one, so nothing is worked out twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from math import lcm
from typing import Any

import sympy

from costmodel.errors import OptionError
from costmodel.numbers import Exact

Monomial = tuple[tuple[int, int], ...]  # (atom, power), sorted


class Key(tuple[tuple[Monomial, Fraction], ...]):
    """The terms of a polynomial in order: what stands for it, in atoms and in dictionaries."""

    # Kept, since every lookup of a polynomial hashes all its terms.
    def __hash__(self) -> int:
        known: int | None = self.__dict__.get("hashed")
        if known is None:
            known = self.__dict__["hashed"] = super().__hash__()
        return known


@dataclass(frozen=True)
class Poly:
    """A polynomial with exact coefficients over the atoms of a program."""

    terms: Mapping[Monomial, Fraction]

    @staticmethod
    def of(value: Exact) -> Poly:
        """A constant."""
        return Poly({(): Fraction(value)} if value else {})

    @staticmethod
    def atom(number: int) -> Poly:
        """One atom alone."""
        return Poly({((number, 1),): Fraction(1)})

    @property
    def key(self) -> Key:
        """Something hashable that stands for it."""
        return Key(sorted(self.terms.items()))

    @property
    def constant(self) -> Fraction | None:
        """Its value where it holds no atom."""
        return self.terms.get((), Fraction(0)) if all(not each for each in self.terms) else None

    @property
    def denominator(self) -> int:
        """The least common denominator of its coefficients."""
        return reduce(lcm, (each.denominator for each in self.terms.values()), 1)

    @property
    def atoms(self) -> set[int]:
        """The atoms that it reads."""
        return {atom for monomial in self.terms for atom, _ in monomial}

    def __add__(self, other: Poly) -> Poly:
        terms = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            terms[monomial] = terms.get(monomial, Fraction(0)) + coefficient
        return Poly({monomial: each for monomial, each in terms.items() if each})

    def __mul__(self, other: Poly) -> Poly:
        terms: dict[Monomial, Fraction] = {}
        for first, one in self.terms.items():
            for second, two in other.terms.items():
                joined = _joined(first, second)
                terms[joined] = terms.get(joined, Fraction(0)) + one * two
        return Poly({monomial: each for monomial, each in terms.items() if each})

    def scaled(self, factor: Exact) -> Poly:
        """All coefficients times a number."""
        return Poly({monomial: each * factor for monomial, each in self.terms.items()} if factor else {})


def _joined(first: Monomial, second: Monomial) -> Monomial:
    powers = dict(first)
    for atom, power in second:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(powers.items()))


@dataclass(frozen=True)
class Atom:
    """A whole number that is no polynomial: `kind` says how it comes from its arguments.

    `column` (its place), `value` (a polynomial under one name), `floor` and `ceiling` (of a quotient of two
    polynomials), `round` (of a quotient, to a multiple), `maximum`, `minimum`, `where` (a condition and two).
    """

    kind: str
    arguments: tuple[Any, ...]  # of a kind and a number that `kind` decides


@dataclass(frozen=True)
class Condition:
    """What may hold of atoms: `< <= == !=` between a polynomial and zero, or `and or not` of conditions."""

    kind: str
    arguments: tuple[Any, ...]


ALWAYS = Condition("and", ())


@dataclass
class Program:
    """Formulas over columns as polynomials and atoms.

    Args:
        columns: the free symbols by name, each with the denominator of its column.
        definitions: named sizes, each in symbols that stand before it.
    """

    columns: Mapping[str, int]
    definitions: Mapping[sympy.Symbol, sympy.Expr]
    atoms: list[Atom] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers: dict[Atom, int] = {}
        self._symbols: dict[str, Poly] = {}
        self._ratios: dict[sympy.Expr, tuple[Poly, Poly]] = {}
        self.reads: list[frozenset[int]] = []
        for place, (name, denominator) in enumerate(self.columns.items()):
            column = self._intern(Atom("column", (place,)))
            self._symbols[name] = column.scaled(Fraction(1, denominator))

    def poly(self, expression: sympy.Expr) -> Poly:
        """An expression as a polynomial.

        Raises:
            OptionError: it is a quotient that is not rounded, or no arithmetic on whole numbers.
        """
        above, below = self.ratio(expression)
        if below.constant is None:
            raise OptionError(f"{str(expression)[:60]} is a fraction that is not rounded")
        return above.scaled(1 / below.constant)

    def ratio(self, expression: sympy.Expr) -> tuple[Poly, Poly]:
        """An expression as a quotient of two polynomials."""
        if expression not in self._ratios:
            self._ratios[expression] = self._ratio(expression)
        return self._ratios[expression]

    def _ratio(self, expression: sympy.Expr) -> tuple[Poly, Poly]:
        one = Poly.of(1)
        match expression:
            case sympy.Rational():
                return Poly.of(Fraction(int(expression.p), int(expression.q))), one
            case sympy.Symbol():
                return self._symbol(expression), one
            case sympy.Add():
                return reduce(_sum, (self.ratio(each) for each in expression.args))
            case sympy.Mul():
                return reduce(_product, (self.ratio(each) for each in expression.args))
            case sympy.Pow() if expression.exp.is_Integer:
                above, below = self.ratio(expression.base)
                if expression.exp < 0:
                    above, below = below, above
                power = abs(int(expression.exp))
                return reduce(_product, [(above, below)] * power, (one, one))
            case sympy.Mod():
                value, divisor = expression.args
                # The same floor mostly stands in the formula already, and is worked out once.
                return self.ratio(value - divisor * sympy.floor(value / divisor, evaluate=False))
        return self._atom(expression), one

    def _atom(self, expression: sympy.Expr) -> Poly:
        name = type(expression).__name__
        match name:
            case "floor" | "ceiling":
                return self._rounded(name, self.ratio(expression.args[0]), ())
            case "round_to_multiple" if expression.args[1].is_Integer:
                return self._rounded("round", self.ratio(expression.args[0]), (int(expression.args[1]),))
            case "Max" | "Min":
                kind = "maximum" if name == "Max" else "minimum"
                return self._scaled(kind, [self.poly(each) for each in expression.args])
            case "Piecewise":
                return self._choice(expression.args)
        raise OptionError(f"{name} is no arithmetic on whole numbers")

    def _choice(self, branches: Sequence[tuple[sympy.Expr, sympy.Basic]]) -> Poly:
        (value, condition), *others = branches
        if condition == sympy.true or not others:
            return self.poly(value)
        other = self._choice(others)
        return self._scaled("where", [self.poly(value), other], self.condition(condition))

    def _rounded(self, kind: str, quotient: tuple[Poly, Poly], more: tuple[int, ...]) -> Poly:
        above, below = quotient
        scale = lcm(above.denominator, below.denominator)
        # Whole coefficients, so that arrays of int64 can hold them.
        above, below = above.scaled(scale), below.scaled(scale)
        if below.constant is not None and below.constant < 0:
            above, below = above.scaled(-1), below.scaled(-1)
        return self._intern(Atom(kind, (above.key, below.key, *more)))

    def _scaled(self, kind: str, polys: Sequence[Poly], *first: Condition) -> Poly:
        scale = reduce(lcm, (each.denominator for each in polys))
        atom = Atom(kind, (*first, *(each.scaled(scale).key for each in polys)))
        return self._intern(atom).scaled(Fraction(1, scale))

    def _symbol(self, symbol: sympy.Symbol) -> Poly:
        known = self._symbols.get(symbol.name)
        if known is not None:
            return known
        found = self.poly(self.definitions[symbol])
        # Under one name: multiplied out in everything that reads it, a sum of sizes would explode.
        if len(found.terms) > 1:
            scale = found.denominator
            found = self._intern(Atom("value", (found.scaled(scale).key,))).scaled(Fraction(1, scale))
        self._symbols[symbol.name] = found
        return found

    def condition(self, expression: sympy.Basic) -> Condition:
        """A condition on symbols as one on polynomials."""
        if expression in (sympy.true, sympy.false):
            return ALWAYS if expression == sympy.true else Condition("not", (ALWAYS,))
        match expression:
            case sympy.And():
                return Condition("and", tuple(self.condition(each) for each in expression.args))
            case sympy.Or():
                return Condition("or", tuple(self.condition(each) for each in expression.args))
            case sympy.Not():
                return Condition("not", (self.condition(expression.args[0]),))
        left, right = expression.args
        kind = {"Ge": "<=", "Gt": "<", "Le": "<=", "Lt": "<", "Eq": "==", "Ne": "!="}[_relation(expression)]
        if _relation(expression) in ("Ge", "Gt"):
            left, right = right, left
        (one, below_one), (two, below_two) = self.ratio(left), self.ratio(right)
        difference = one * below_two + (two * below_one).scaled(-1)  # denominators are positive sizes
        return Condition(kind, (difference.scaled(difference.denominator).key,))

    def _intern(self, atom: Atom) -> Poly:
        if atom not in self._numbers:
            self._numbers[atom] = len(self.atoms)
            self.atoms.append(atom)
            self.reads.append(self._reads(atom))
        return Poly.atom(self._numbers[atom])

    def _reads(self, atom: Atom) -> frozenset[int]:
        if atom.kind == "column":
            return frozenset(atom.arguments)
        return self.columns_of(atom.arguments)

    def columns_of(self, argument: object) -> frozenset[int]:
        """The columns that a polynomial (by its key), a condition or several of them read."""
        found: set[int] = set()
        for atom in atoms_in(argument):
            found |= self.reads[atom]
        return frozenset(found)


def _relation(expression: sympy.Expr) -> str:
    name = type(expression).__name__
    return {
        "GreaterThan": "Ge",
        "StrictGreaterThan": "Gt",
        "LessThan": "Le",
        "StrictLessThan": "Lt",
        "Equality": "Eq",
        "Unequality": "Ne",
    }[name]


def _sum(first: tuple[Poly, Poly], second: tuple[Poly, Poly]) -> tuple[Poly, Poly]:
    if first[1].key == second[1].key:
        return first[0] + second[0], first[1]
    return first[0] * second[1] + second[0] * first[1], first[1] * second[1]


def _product(first: tuple[Poly, Poly], second: tuple[Poly, Poly]) -> tuple[Poly, Poly]:
    return first[0] * second[0], first[1] * second[1]


def atoms_in(argument: object) -> Iterable[int]:
    """The atoms that a polynomial's key, a condition, or a tuple of them names."""
    if isinstance(argument, Condition):
        yield from atoms_in(argument.arguments)
    elif isinstance(argument, tuple):
        if isinstance(argument, Key):
            for monomial, _ in argument:
                yield from (atom for atom, _ in monomial)
        else:
            for each in argument:
                yield from atoms_in(each)
