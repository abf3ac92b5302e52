"""Inverse questions over whole grids of designs: the best one within limits, the front of several figures.

What formulas give is worked out for all designs, block by block. What they cannot give is bounded: a bound
excludes most designs, and those that are left are worked out one by one, the best first, until none that is
left can be better.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from costmodel.analysis.quantities import Limit, Quantity
from costmodel.errors import OptionError
from search.methods.answers import Found, Solved
from search.methods.question import Listener, Piece, Question
from search.problem.interval import Interval
from search.problem.space import Space
from search.sweep.pareto import Front, dominated
from search.sweep.pareto import front as front_rows

SAMPLE, STRONG = 1000, 12  # designs looked at, and good points taken, to leave most of a block out early
LARGER_IS_BETTER = ("entropy", "depth", "receptive_field")
MOST_UNDECIDED = 50_000_000  # designs that no bound excludes: 400 MiB for each figure that is kept of them

Array = np.ndarray


def solve(
    spaces: Space | Sequence[Space],
    maximize: Quantity,
    limits: Sequence[Limit],
    listen: Listener | None = None,
) -> Solved:
    """The design of the largest value of a quantity within the limits, of all designs of one space or more.

    Among equals it is the first one.
    """
    task = Question.of(spaces, (maximize,), limits, listen)
    best, chosen = -np.inf, -1
    undecided = _Undecided()
    for piece in task.pieces():
        objective = np.where(piece.possible, piece.values[maximize.text].high, -np.inf)
        if not piece.is_decided:
            undecided.add(piece, objective[:, None])
            continue
        place = int(np.argmax(objective))
        # not >=: among equals the first design stays, whatever the size of the blocks
        if objective[place] > best:
            best, chosen = float(objective[place]), piece.first + place
    return _best_first(task, maximize, undecided, best, chosen)


def _best_first(
    task: Question, maximize: Quantity, undecided: _Undecided, best: float, chosen: int
) -> Solved:
    """Works out what no bound excludes, the best first, until none that is left can be better."""
    numbers, points = undecided.all(1)
    order = np.lexsort((numbers, -points[:, 0]))
    numbers, most = numbers[order], points[order, 0]
    known: dict[int, Found] = {}
    rows = np.flatnonzero((most > best) | ((most == best) & (numbers < chosen)))
    for place, (number, design) in zip(rows, task.worked_out(numbers[rows].tolist()), strict=False):
        if task.within(design):
            exact = task.knows(number, maximize)
            value = float(most[place]) if exact else design.values[maximize.text]
            if value > best or (value == best and number < chosen) or chosen < 0:
                best, chosen, known = value, number, {number: design}
            if exact:  # all behind it are worse, or as good and behind it
                break
        if best > float(most[min(place + 1, len(most) - 1)]):
            break
    return task.answer([chosen] if chosen >= 0 else [], known)


def pareto(
    spaces: Space | Sequence[Space],
    objectives: Sequence[str],
    limits: Sequence[Limit],
    listen: Listener | None = None,
) -> Solved:
    """The designs within the limits that no other one beats on every objective.

    Raises:
        OptionError: an objective is not known.
    """
    aims = [aim(text) for text in objectives]
    task, best = Question.of(spaces, [each for each, _ in aims], limits, listen), Front()
    undecided = _Undecided()
    for piece in task.pieces():
        columns = [_least(piece.values[each.text], sign) for each, sign in aims]
        left = np.flatnonzero(piece.possible & ~_plainly_beaten(columns, best.points))
        # Comparing each with the whole front is dear; hardly any design comes this far.
        points = np.stack([column[left] for column in columns], axis=1)
        if piece.is_decided:
            best.add(points, piece.first + left)
        else:
            undecided.add_rows(piece.first + left, points)
    known = _decided(task, best, undecided, aims)
    return task.answer(best.numbers.tolist(), known)


def _decided(
    task: Question, best: Front, undecided: _Undecided, aims: Sequence[tuple[Quantity, float]]
) -> dict[int, Found]:
    """Works out those designs whose bounds no design of the front beats, until there are none."""
    known: dict[int, Found] = {}
    numbers, points = undecided.all(len(aims))
    while True:
        if best.points is not None and len(best.points):
            stays = ~dominated(points, best.points, or_equal=True)
            numbers, points = numbers[stays], points[stays]
        if not len(numbers):
            return known
        # whoever is on the front of the bounds is beaten by nobody who is left, and has to be worked out
        rows = front_rows(points)
        for number, design in task.worked_out(numbers[rows].tolist()):
            if task.within(design):
                known[number] = design
                point = [sign * design.values[each.text] for each, sign in aims]
                best.add(np.array([point], dtype=np.float64), np.array([number]))
        numbers, points = np.delete(numbers, rows), np.delete(points, rows, axis=0)


class _Undecided:
    """The designs that no bound excludes, with the best that each of their objectives may be."""

    def __init__(self) -> None:
        self.numbers: list[Array] = []
        self.points: list[Array] = []
        self.count = 0

    def add(self, piece: Piece, points: Array) -> None:
        rows = np.flatnonzero(piece.possible)
        self.add_rows(piece.first + rows, points[rows])

    def add_rows(self, numbers: Array, points: Array) -> None:
        self.count += len(numbers)
        if self.count > MOST_UNDECIDED:
            raise OptionError(
                f"--limit: no bound excludes {self.count:,} designs, at most {MOST_UNDECIDED:,}; "
                "add a limit that formulas give, such as macs_per_frame, or take wider steps"
            )
        self.numbers.append(numbers)
        self.points.append(points)

    def all(self, objectives: int) -> tuple[Array, Array]:
        if not self.numbers:
            return np.zeros(0, dtype=np.int64), np.zeros((0, objectives))
        return np.concatenate(self.numbers), np.concatenate(self.points)


def _least(values: Interval, sign: float) -> Array:
    """The smallest that an objective may be, where small is good."""
    return np.asarray(values.low if sign > 0 else -values.high)


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
