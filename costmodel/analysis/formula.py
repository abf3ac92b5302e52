"""Closed formulas: the figures of a network in symbols that are left free, its sizes named as it is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar, cast

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import METRICS, OF_ORDER, evaluate
from costmodel.analysis.rates import NEEDS_RATE
from costmodel.conditions import traced
from costmodel.errors import OptionError, SpecError
from costmodel.graph import Graph
from costmodel.numbers import Exact, Number, is_symbolic

if TYPE_CHECKING:
    import sympy

NameValue = Callable[[str, Number], Number]
Expression = TypeVar("Expression", bound="sympy.Basic")
Build = Callable[[Mapping[str, Number], NameValue], Graph]

BY_NAME_ALONE = ("entropy",)  # a sum of logarithms for each layer: too long to print unasked
MOST_MAXIMA = 6  # multiplying out what stands in more of them takes sympy minutes
LETTERS = {"time": "t", "height": "h", "width": "v", "path": "path"}


@dataclass
class Symbols:
    """The symbols of a network under construction: those left free, and the names given to its sizes.

    A trace of `costmodel.conditions`: every size that is not one symbol or number gets a name, the `let`
    names of the spec first; equal sizes share one. Names are taken to be positive whole numbers;
    `demands` and `assumptions` hold what must be so for the formulas to describe the network.
    """

    free: Mapping[str, sympy.Symbol]
    taken: frozenset[str] = frozenset()
    definitions: dict[sympy.Symbol, sympy.Expr] = field(default_factory=dict)
    demands: dict[sympy.Basic, None] = field(default_factory=dict)
    assumptions: dict[sympy.Basic, None] = field(default_factory=dict)
    counts: dict[sympy.Symbol, sympy.Expr] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.named: dict[sympy.Expr, sympy.Symbol] = {}
        self.numbers: dict[str, int] = {}

    def name(self, kind: str, value: sympy.Expr) -> sympy.Expr:
        """The symbol of a size: its letter and a number, such as `h2` for the second map size."""
        import sympy

        if value.is_Atom or value in self.named:
            return self.named.get(value, value)
        if kind == "count":  # stands for itself again in the end: counts add up to whole repeats
            self.named[value] = symbol = sympy.Dummy("count", integer=True, nonnegative=True)
            self.counts[symbol] = value
            return symbol
        if kind == "path" and not value.has(sympy.Max, sympy.Min):
            return value
        letter = LETTERS.get(kind, kind)
        name = letter
        # A name that the spec has would read as the spec's size.
        while name in self.taken or name in self.free or name == letter:
            self.numbers[letter] = self.numbers.get(letter, 0) + 1
            name = f"{letter}{self.numbers[letter]}"
        return self._define(kind, name, value)

    def let(self, name: str, value: Number) -> Number:
        """The symbol of a `let` name of the spec; the free symbol where it was asked for."""
        if name in self.free:
            return self.free[name]
        if not is_symbolic(value) or value.is_Atom:
            return value
        return self._define("let", name, value)

    def demand(self, condition: sympy.Basic) -> None:
        """Keeps a condition without which the network cannot be built."""
        self._keep(self.demands, condition)

    def assume(self, condition: sympy.Basic) -> None:
        """Keeps a condition without which the network is another one."""
        self._keep(self.assumptions, condition)

    def _define(self, kind: str, name: str, value: sympy.Expr) -> sympy.Symbol:
        import sympy

        if kind == "path":
            symbol = sympy.Symbol(name, **({"integer": True} if value.is_integer else {"real": True}))
        elif not value.is_integer:
            symbol = sympy.Symbol(name, positive=True)
            self.assume(sympy.Gt(value, 0, evaluate=False))
        else:
            symbol = sympy.Symbol(name, integer=True, positive=True)
            self.assume(sympy.Ge(value, 1, evaluate=False))
        self.definitions[symbol] = value
        self.named.setdefault(value, symbol)
        return symbol

    def _keep(self, kept: dict[sympy.Basic, None], condition: sympy.Basic) -> None:
        import sympy

        if condition == sympy.true or condition in kept:
            return
        kept[condition] = None


@dataclass(frozen=True)
class Formulas:
    """The figures of a network as closed forms.

    Args:
        free: the symbols left free, by name.
        definitions: intermediate sizes, each in symbols that stand before it.
        totals: every total by the name of its metric; None where it does not apply.
        demands: what must hold of the symbols for the network to exist.
        assumptions: what must hold for the formulas to describe it (no stage without layers).
        graph: the network in symbols.
        notes: which totals have no closed form here, and why.
    """

    free: Mapping[str, sympy.Symbol]
    definitions: Mapping[sympy.Symbol, sympy.Expr]
    totals: Mapping[str, sympy.Expr | None]
    demands: tuple[sympy.Basic, ...]
    assumptions: tuple[sympy.Basic, ...]
    graph: Graph
    notes: tuple[str, ...] = ()

    def used(self) -> dict[sympy.Symbol, sympy.Expr]:
        """The definitions that the totals read, directly or through others, in order."""
        wanted = {
            symbol for total in self.totals.values() if total is not None for symbol in self.reached(total)
        }
        return {symbol: definition for symbol, definition in self.definitions.items() if symbol in wanted}

    def reached(self, total: sympy.Expr) -> set[sympy.Symbol]:
        """The symbols that a formula reads, directly or through definitions."""
        wanted = set(total.free_symbols)
        # Definitions read only what stands before them, so one pass from the end finds all.
        for symbol, definition in reversed(tuple(self.definitions.items())):
            if symbol in wanted:
                wanted |= definition.free_symbols
        return wanted


def formulas(
    build: Build,
    free: Mapping[str, bool],
    metrics: Iterable[str] | None = None,
    *,
    taken: Iterable[str] = (),
    tidy: bool = True,
    fps: Fraction | None = None,
) -> Formulas:
    """The totals of a network in symbols.

    Args:
        build: makes the network from values by name and a callback for its `let` names.
        free: the names to leave free, each whether it must be a whole number.
        metrics: the totals wanted; all but those that depend on the order of execution unless given.
        taken: names that intermediate sizes must not get.
        fps: frames a second of the camera; times in seconds have no formula without.
        tidy: multiply out and gather terms, for reading.

    Raises:
        OptionError: a metric has no closed form.
        SpecError: a name decides which layers exist, or a metric that is wanted has no closed form here.
    """
    import sympy

    symbols = {
        name: sympy.Symbol(name, positive=True, **({"integer": True} if whole else {}))
        for name, whole in free.items()
    }
    trace = Symbols(symbols, frozenset(taken))
    with traced(trace):
        graph = build(symbols, trace.let)
        figures = Figures(graph, fps=fps)
        totals, notes = _totals(figures, metrics)
    totals = {name: None if each is None else _replaced(each, trace.counts) for name, each in totals.items()}
    if tidy:
        totals = {name: None if total is None else gathered(total) for name, total in totals.items()}
    definitions = {symbol: _replaced(each, trace.counts) for symbol, each in trace.definitions.items()}
    demands, assumptions = (
        tuple(_replaced(each, trace.counts) for each in kept) for kept in (trace.demands, trace.assumptions)
    )
    return Formulas(symbols, definitions, totals, demands, assumptions, graph, notes)


def _wanted(metrics: Iterable[str] | None) -> list[str]:
    if metrics is None:
        return [name for name in METRICS if name not in (*OF_ORDER, *BY_NAME_ALONE, *NEEDS_RATE)]
    for name in metrics:
        if name in OF_ORDER:
            raise OptionError(f"{name}: depends on the order of execution and has no closed form")
    return list(metrics)


def _totals(
    figures: Figures, metrics: Iterable[str] | None
) -> tuple[dict[str, sympy.Expr | None], tuple[str, ...]]:
    """The totals wanted, and notes on those that have no closed form: an error where they were named."""
    totals, reasons = dict[str, "sympy.Expr | None"](), dict[str, list[str]]()
    for name in _wanted(metrics):
        try:
            totals[name] = _total(figures, name)
        except SpecError as error:
            if metrics is not None:
                raise
            totals[name] = None
            reasons.setdefault(str(error), []).append(name)
    return totals, tuple(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())


def _total(figures: Figures, name: str) -> sympy.Expr | None:
    import sympy

    total = evaluate(figures, name)
    return None if total is None or total == float("inf") else sympy.sympify(total)


def _replaced(expression: Expression, values: Mapping[sympy.Symbol, sympy.Expr]) -> Expression:
    """An expression with values in the place of symbols; maxima stay as they are.

    sympy's own `xreplace` simplifies each maximum that it rebuilds, which takes it minutes.
    """
    import sympy

    known: dict[sympy.Basic, sympy.Basic] = dict(values)

    def replaced(part: sympy.Basic) -> sympy.Basic:
        if part not in known:
            parts = tuple(replaced(each) for each in part.args)
            as_is = {"evaluate": False} if isinstance(part, sympy.Max | sympy.Min) else {}
            known[part] = part if parts == part.args else part.func(*parts, **as_is)
        return known[part]

    return cast(Expression, replaced(expression)) if values else expression


def gathered(total: sympy.Expr) -> sympy.Expr:
    """A formula multiplied out, its terms gathered by map sizes and frames where that makes it shorter."""
    import sympy

    if not total.free_symbols:
        return total
    # Multiplied out, logarithms of products fall apart into sums over all layers, which nobody can read.
    if total.has(sympy.log) or len(total.atoms(sympy.Max)) > MOST_MAXIMA:
        return total
    above, below = sympy.fraction(total)
    if below.free_symbols:
        return gathered(above) / gathered(below)
    total = sympy.expand(total)
    # A few terms read better side by side than nested.
    if not total.is_Add or len(total.args) < 6:
        return total
    return _nested(total)


def _nested(total: sympy.Expr) -> sympy.Expr:
    """Terms gathered by the factor that most of them share, again and again."""
    import sympy

    terms = [(term, _factors(term)) for term in sympy.Add.make_args(total)]
    counts: dict[sympy.Expr, int] = {}
    for _, factors in terms:
        for factor in factors:
            counts[factor] = counts.get(factor, 0) + 1
    if not counts or max(counts.values()) < 2:
        return total
    # A tie is broken by sympy's own order, so that a formula is the same text in every run.
    best = max(counts, key=lambda factor: (counts[factor], sympy.default_sort_key(factor)))
    inside = sympy.Add(*(term / best for term, factors in terms if best in factors))
    outside = sympy.Add(*(term for term, factors in terms if best not in factors))
    return _nested(outside) + sympy.Mul(best, _nested(inside), evaluate=False)


def _factors(term: sympy.Expr) -> list[sympy.Expr]:
    import sympy

    return [factor for factor in sympy.Mul.make_args(term) if not factor.is_number]


def is_whole(build: Build, name: str, value: Exact) -> bool:
    """Whether a size of a spec must be a whole number: half more of it is refused."""
    from fractions import Fraction

    if isinstance(value, Fraction):
        return False
    # No table says which sizes must be whole: that is decided by where the spec uses them, so it is tried.
    changed = value + Fraction(1, 2)
    try:
        build({name: changed}, lambda each, old: changed if each == name else old)
    except SpecError as error:
        return "expected a whole number" in str(error)
    except OptionError:  # a transform's option that is a size, such as the frames of a pool
        return True
    return False
