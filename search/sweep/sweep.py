"""Sweeps: the figures of many designs of one spec, in pieces of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from costmodel.analysis.metrics import METRICS
from costmodel.arithmetic import Expression
from costmodel.errors import OptionError, nearest
from search.sweep.condition import holds, parse_condition
from search.sweep.evaluator import CHUNK, Evaluator
from search.sweep.grid import Grid
from search.sweep.one_by_one import OneByOne
from search.sweep.pareto import Front

Array = np.ndarray
Table = dict[str, Array]
PIECE = 8 * CHUNK  # designs between two looks at the front, the file and the clock


@dataclass(frozen=True)
class Piece:
    """The rows found among the designs of one piece, and how far the sweep is."""

    rows: Table
    done: int
    valid: int

    @property
    def length(self) -> int:
        """How many rows."""
        return len(self.rows["valid"])


@dataclass(frozen=True)
class Part:
    """What is wanted of some designs, one after the other: rows, or with a front those that may be on it.

    Args:
        stop: the number of the design behind the last.
        valid: how many of them are networks.
        rows: those found.
        points: with a front, the objectives of those that no other of these designs beats, one a row.
        numbers: with a front, their numbers.
    """

    stop: int
    valid: int
    rows: Table
    points: Array | None = None
    numbers: Array | None = None


@dataclass(frozen=True)
class Sweep:
    """All designs of a grid, or those that are wanted.

    Args:
        evaluator: the figures of designs.
        grid: the designs.
        where: conditions on figures and axes; only valid designs for which all hold are kept.
        later: figures that no formula gives.
        pareto: objectives; only designs that no other one beats are kept. A leading `-` means the larger the
            better.
        worked_out: gives the parts of a sweep in order, where they are worked out elsewhere.

    Raises:
        OptionError: a condition or an objective reads what is neither an axis nor a figure.
    """

    evaluator: Evaluator
    grid: Grid
    where: tuple[str, ...] = ()
    pareto: tuple[str, ...] = ()
    later: OneByOne | None = None
    worked_out: Callable[[Sweep], Iterator[Part]] | None = None

    def __post_init__(self) -> None:
        self.conditions()
        self.evaluator.structure(tuple(axis.name for axis in self.grid.axes))
        for name in self.pareto:
            if name.lstrip("-") not in self.columns:
                raise OptionError(f"--pareto: unknown {name!r}{nearest(name.lstrip('-'), self.columns)}")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the result: axes, figures, `valid`."""
        return (*(axis.name for axis in self.grid.axes), *self.figures, "valid")

    @property
    def figures(self) -> tuple[str, ...]:
        """The figures of each design."""
        return (*self.evaluator.metrics, *(self.later.metrics if self.later else ()))

    def conditions(self) -> list[Expression]:
        """The conditions, read."""
        return [parse_condition(text, self.columns) for text in self.where]

    def pieces(self) -> Iterator[Piece]:
        """The rows found, piece by piece; the front, where one is wanted, with the last piece."""
        best, valid = Front(), 0
        for part in self.parts() if self.worked_out is None else self.worked_out(self):
            valid, rows = valid + part.valid, part.rows
            if part.points is not None and part.numbers is not None:
                best.add(part.points, part.numbers)
                # Nothing is known to stay before the last piece; the front is kept by number alone.
                if part.stop == self.grid.designs:
                    rows = self.at(best.numbers)
            yield Piece(rows, part.stop, valid)

    def parts(self) -> Iterator[Part]:
        """All designs in order, so many at a time that memory is bounded."""
        for start in range(0, self.grid.designs, PIECE):
            yield self.part(start, min(start + PIECE, self.grid.designs))

    def part(self, start: int, stop: int) -> Part:
        """What is wanted of the designs from one number to another, however many they are with a front."""
        self.evaluator.expect(self.grid.ranges, self.grid.designs)
        conditions, best, valid = self.conditions(), Front(), 0
        rows: Table = {}
        for first in range(start, stop, PIECE):
            rows, some = self._rows(first, min(first + PIECE, stop), conditions)
            valid += some
            if self.pareto:
                best.add(self._objectives(rows), rows["number"])
                rows = {name: each[:0] for name, each in rows.items()}
        rows.pop("number", None)
        return Part(stop, valid, rows, *((best.points, best.numbers) if self.pareto else ()))

    def at(self, numbers: Array) -> Table:
        """The rows of designs by their numbers."""
        pieces = [self._rows(int(number), int(number) + 1, ())[0] for number in numbers]
        if not pieces:
            return {name: np.empty(0, dtype=np.int64) for name in self.columns}
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in self.columns}

    def _columns(self, start: int, stop: int) -> Table:
        columns = self.grid.columns(start, stop)
        figures = self.evaluator(columns)
        values = {
            name: each.numerators if each.denominator == 1 else each.numerators / each.denominator
            for name, each in columns.items()
        }
        return {**values, **figures}

    def _worked_out(self, rows: Table, start: int, kept: Array, conditions: Sequence[Expression]) -> Array:
        """Adds the figures that no formula gives, of those rows that no bound excludes; which are left."""
        if self.later is None:
            return kept
        columns = self.grid.columns(start, start + len(kept))
        for condition in conditions:
            left = np.flatnonzero(kept)
            kept[left] = self.later.may_hold(condition, columns, left)
        left = np.flatnonzero(kept)
        for name, values in self.later.figures(columns, left).items():
            rows[name] = np.zeros(len(kept), dtype=values.dtype if len(left) else np.int64)
            rows[name][left] = values
        return kept

    def _rows(self, start: int, stop: int, conditions: Sequence[Expression]) -> tuple[Table, int]:
        rows = self._columns(start, stop)
        valid = int(np.count_nonzero(rows["valid"]))
        rows["number"] = np.arange(start, stop)
        later = set(self.later.metrics if self.later else ())
        kept = rows["valid"].copy()
        for condition in conditions:
            if not condition.names & later:
                kept &= holds(condition, rows)
        open_yet = [condition for condition in conditions if condition.names & later]
        kept = self._worked_out(rows, start, kept, open_yet)
        if not (conditions or self.pareto):
            return rows, valid
        for condition in open_yet:
            kept = kept & holds(condition, rows)
        return {name: each[kept] for name, each in rows.items()}, valid

    def _objectives(self, rows: Table) -> Array:
        return np.stack([-rows[name[1:]] if name[0] == "-" else rows[name] for name in self.pareto], axis=1)


def known_metrics(text: str) -> tuple[str, ...]:
    """Metrics from a list with commas.

    Raises:
        OptionError: one is not known.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in METRICS:
            raise OptionError(f"--metrics: unknown metric {name!r}{nearest(name, METRICS)}")
    if not names:
        raise OptionError("--metrics: none named, expected some such as macs_per_frame,params")
    return names
