"""A spec as a function of columns: the figures of many designs at once, exactly."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from math import lcm

import numpy as np

from costmodel.analysis.figures import Figures
from costmodel.analysis.formula import Formulas, formulas, is_whole
from costmodel.analysis.metrics import evaluate, metric_named
from costmodel.errors import CostModelError, OptionError, SpecError, TransformError, nearest
from costmodel.graph import Graph
from costmodel.network import Network
from costmodel.numbers import Exact, Number, exact, simplify
from search.sweep.array_program import Range
from search.sweep.columns import Column, Values
from search.sweep.compiled import Compiled

Array = np.ndarray
CHUNK = 1 << 14  # designs at a time: 128 KiB for each array, so that all of a chunk stays in the cache


class Evaluator:
    """The figures of a spec for columns of values.

    Call it with columns by name (whole numbers, `Ratios`, `Column`s or lists of ints and fractions; any
    mixture of sizes, structure and `let` names of the spec; all of one length). It returns one array for
    each metric, `int64` (`float64` for a mean that is no whole number), and `valid`: which designs are
    networks at all. Where a design is not valid its figures are 0. The figures equal those of `analyze` on
    each design, exactly.

    Sizes are worked out by formulas, compiled once for each combination of the columns that decide which
    layers exist. `expect` announces the ranges of all columns to come; else every call that leaves the
    ranges seen so far compiles its tables anew.

    Args:
        network: the spec with its transforms, and the values of sizes that no column gives.
        metrics: names from `costmodel.analysis.metrics.METRICS`.
        fps: frames a second of the camera; times in seconds do not apply without.

    Raises:
        OptionError: a metric is not known, or cannot be swept.
    """

    def __init__(
        self,
        network: Network,
        metrics: Sequence[str] = ("macs_per_frame", "params"),
        fps: Fraction | None = None,
    ) -> None:
        for name in metrics:
            metric_named(name)
        self.fps = fps
        self.network, self.metrics = network, tuple(dict.fromkeys(metrics))
        self._formulas: dict[Hashable, Formulas] = {}
        self._layouts: dict[Hashable, Compiled] = {}
        self._ranges: dict[str, Range] = {}
        self._denominators: dict[str, int] = {}
        self.reasons: dict[str, str] = {}  # why a name must be a number, where a layer or a value says it
        self.designs = 0

    @cached_property
    def settings(self) -> dict[str, Number]:
        """The values of all sizes where no column gives others."""
        return dict(self.network.sizes)

    @cached_property
    def names(self) -> frozenset[str]:
        """What a column may be: sizes, structure and `let` names of the spec, and sizes of its transforms."""
        return self.network.size_names | frozenset(self.network.document.sections["let"])

    def build(
        self, values: Mapping[str, Number], name_value: Callable[[str, Number], Number] | None = None
    ) -> Graph:
        """The network measured, of given values (exact or symbols)."""
        lets = self.network.document.sections["let"]
        given = {name: value for name, value in values.items() if name not in lets}
        chosen = {name: value for name, value in values.items() if name in lets}

        def named(name: str, value: Number) -> Number:
            value = chosen.get(name, value)
            return value if name_value is None else name_value(name, value)

        return self.network.with_sizes(given).graph(named)

    def exact(self, values: Mapping[str, Exact]) -> dict[str, Number | None] | None:
        """The figures of one design by the integer analysis; None where it is not valid."""
        try:
            figures = Figures(self.build(values), fps=self.fps)
        except CostModelError:
            return None
        return {name: evaluate(figures, name) for name in self.metrics}

    def expect(self, columns: Mapping[str, tuple[Range, int]], designs: int) -> None:
        """Announces the ranges (of numerators) and denominators of columns, and how many designs come."""
        for name, (reach, denominator) in columns.items():
            self._denominators[name] = denominator
            self._ranges[name] = reach
        self.designs = max(self.designs, designs)

    def __call__(self, columns: Mapping[str, Values]) -> dict[str, Array]:
        """The figures of every design, and `valid`.

        Raises:
            OptionError: a name is not in the spec, columns differ in length, or a metric does not apply.
        """
        given = {name: Column.of(values) for name, values in columns.items()}
        lengths = {len(column.numerators) for column in given.values()}
        if len(lengths) != 1:
            raise OptionError(f"columns of {sorted(lengths)} values, expected one length")
        (length,) = lengths
        self.designs = max(self.designs, length)
        result = {name: np.zeros(length, dtype=np.int64) for name in self.metrics}
        result["valid"] = np.zeros(length, dtype=bool)
        for start in range(0, length, CHUNK):
            piece = slice(start, start + CHUNK)
            chunk = {name: Column(each.numerators[piece], each.denominator) for name, each in given.items()}
            for name, values in self._chunk(chunk).items():
                # A mean is whole in one chunk and a fraction in another: then all of it is floats.
                if values.dtype != result[name].dtype and values.dtype != np.int64:
                    result[name] = result[name].astype(values.dtype)
                result[name][piece] = values
        return result

    def _chunk(self, columns: Mapping[str, Column]) -> dict[str, Array]:
        deciding = [name for name in columns if name in self.structure(tuple(columns))]
        free = {name: column for name, column in columns.items() if name not in deciding}
        length = len(next(iter(columns.values())).numerators)
        found = {name: np.zeros(length, dtype=np.int64) for name in self.metrics}
        found["valid"] = np.zeros(length, dtype=bool)
        for fixed, rows in _split([columns[name] for name in deciding], length):
            part = {name: Column(each.numerators[rows], each.denominator) for name, each in free.items()}
            number = length if isinstance(rows, slice) else len(rows)
            values = self._part(dict(zip(deciding, fixed, strict=True)), part, number)
            if isinstance(rows, slice):
                return values
            for name, each in values.items():
                if each.dtype == object or each.dtype.kind == "f":
                    found[name] = found[name].astype(each.dtype)
                found[name][rows] = each
        return found

    def _part(self, fixed: dict[str, Exact], columns: Mapping[str, Column], length: int) -> dict[str, Array]:
        fixed = {name: self._flag(name, value) for name, value in fixed.items()}
        if not columns:
            return self._constant(fixed, length)
        try:
            compiled = self._compiled(fixed, columns)
        except (SpecError, TransformError):  # some values, or these names together, have no formula
            return self._one_by_one(fixed, columns)
        found = compiled(columns)
        # The formulas are those of another network there, such as one with a stage of no layers.
        outside = np.flatnonzero(~found.pop("assumed"))
        if len(outside):
            rows = {
                name: Column(each.numerators[outside], each.denominator) for name, each in columns.items()
            }
            for name, values in self._one_by_one(fixed, rows).items():
                found[name] = found[name].astype(np.result_type(found[name], values), copy=False)
                found[name][outside] = values
        return found

    def _flag(self, name: str, value: Exact) -> Exact:
        return bool(value) if isinstance(self.settings.get(name), bool) and value in (0, 1) else value

    def _constant(self, fixed: Mapping[str, Exact], length: int) -> dict[str, Array]:
        figures = self.exact(fixed)
        values = figures or dict.fromkeys(self.metrics, 0)
        found = {name: np.full(length, self._number(name, value)) for name, value in values.items()}
        return {**found, "valid": np.full(length, figures is not None)}

    def _number(self, name: str, value: Number | None) -> Number:
        if value is None or value == float("inf"):
            raise OptionError(f"{name}: does not apply to {self.network.document.name}, or is unbounded")
        return float(value) if isinstance(value, Fraction) else value

    def _one_by_one(self, fixed: Mapping[str, Exact], columns: Mapping[str, Column]) -> dict[str, Array]:
        """The integer analysis of designs that no formula describes, each distinct one once."""
        rows = np.stack([column.numerators for column in columns.values()], axis=1)
        distinct, inverse = np.unique(rows, axis=0, return_inverse=True)
        found = []
        for row in distinct:
            pairs = zip(columns.items(), row, strict=True)
            values = {
                name: simplify(Fraction(int(each), column.denominator)) for (name, column), each in pairs
            }
            found.append(self.exact({**fixed, **values}))
        result = {
            name: np.array([0 if each is None else self._number(name, each[name]) for each in found])[
                inverse.ravel()
            ]
            for name in self.metrics
        }
        return {**result, "valid": np.array([each is not None for each in found])[inverse.ravel()]}

    def structure(self, names: Sequence[str]) -> frozenset[str]:
        """Which of these names decide what layers exist, so that each of their values is another network."""
        key = ("structure", frozenset(names))
        if key not in self._layouts:
            self._layouts[key] = self._structure(names)  # type: ignore[assignment]
        return self._layouts[key]  # type: ignore[return-value]

    def _structure(self, names: Sequence[str]) -> frozenset[str]:
        for name in names:
            if name not in self.names:
                title = self.network.document.name
                raise OptionError(f"{name}: {title} has no such size{nearest(name, self.names)}")
        if not self.network.takes_symbols:
            return frozenset(names)
        flags = frozenset(name for name in names if isinstance(self.settings.get(name), bool))
        free = [name for name in names if name not in flags]
        if not free or self._is_free(free):
            return flags
        # Together they failed, so each is tried by itself: one of them decides what layers exist.
        return flags | frozenset(name for name in free if not self._is_free([name]))

    def _is_free(self, names: Sequence[str]) -> bool:
        reason: CostModelError
        try:
            self._formulas_of({}, tuple(names))
        except SpecError as error:
            if "must be a number" not in str(error) and "free number of repeats" not in str(error):
                raise
            reason = error
        except TransformError as error:
            self.build({})  # a network that cannot be had at its own values either is the mistake to tell
            reason = error
        else:
            return True
        if len(names) == 1:
            self.reasons[names[0]] = str(reason)
        return False

    def _formulas_of(self, fixed: Mapping[str, Exact], names: tuple[str, ...]) -> Formulas:
        key = (tuple(sorted(fixed.items())), names)
        if key not in self._formulas:

            def build(values: Mapping[str, Number], name_value: Callable[[str, Number], Number]) -> Graph:
                return self.build({**fixed, **values}, name_value)

            whole = {name: is_whole(build, name, exact(self.settings.get(name, 1))) for name in names}
            self._formulas[key] = formulas(
                build, whole, self.metrics, taken=self.names, tidy=False, fps=self.fps
            )
        return self._formulas[key]

    def _compiled(self, fixed: Mapping[str, Exact], columns: Mapping[str, Column]) -> Compiled:
        for name, column in columns.items():
            self._stretch(name, column)
        names = tuple(columns)
        key = (tuple(sorted(fixed.items())), names)
        ranges = tuple(self._ranges[name] for name in names)
        denominators = tuple(self._denominators[name] for name in names)
        known = self._layouts.get(key)
        if known is None or known.ranges != ranges or known.denominators != denominators:
            known = Compiled(self._formulas_of(fixed, names), names, ranges, denominators, self.designs)
            self._layouts[key] = known
        return known

    def _stretch(self, name: str, column: Column) -> None:
        """Widens the range and the denominator of a column to hold these values too."""
        before = self._denominators.get(name, 1)
        common = lcm(before, column.denominator)
        values = column.over(common)
        new = Range(int(values.min()), int(values.max()))
        if name in self._ranges:
            old, factor = self._ranges[name], common // before
            old = Range(old.low * factor, old.high * factor, old.step * factor)
            if old.low <= new.low and new.high <= old.high and (old.step == 1 or before == common):
                new = old
            else:
                new = Range(min(old.low, new.low), max(old.high, new.high))
        self._ranges[name], self._denominators[name] = new, common


def _split(columns: Sequence[Column], length: int) -> Iterator[tuple[tuple[Exact, ...], slice | Array]]:
    """Each combination of values of some columns, with the rows that have it."""
    if not columns:
        yield (), slice(0, length)
        return
    rows = np.stack([column.numerators for column in columns], axis=1)
    distinct, inverse = np.unique(rows, axis=0, return_inverse=True)
    for number, row in enumerate(distinct):
        values = tuple(
            simplify(Fraction(int(each), column.denominator))
            for each, column in zip(row, columns, strict=True)
        )
        yield values, np.flatnonzero(inverse.ravel() == number)
