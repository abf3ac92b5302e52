"""Inverse questions over whole grids of designs: the best one within limits, the front of several figures.

What formulas give is worked out for all designs, block by block. What they cannot give is bounded: a bound
excludes most designs, and those that are left are worked out one by one, the best first, until none that is
left can be better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from costmodel.analysis.quantities import Limit, Quantity
from costmodel.errors import CostModelError, OptionError
from costmodel.network import Settings
from costmodel.numbers import Number, Ratios
from search.methods.nearest import Near, Nearest
from search.problem.alike import groups
from search.problem.bounded import are_known, intervals
from search.problem.designs import Design, Family, broken_designs
from search.problem.interval import Interval
from search.problem.space import Space
from search.sweep.pareto import Front, dominated
from search.sweep.pareto import front as front_rows

SAMPLE, STRONG = 1000, 12  # designs looked at, and good points taken, to leave most of a block out early
LARGER_IS_BETTER = ("entropy", "depth", "receptive_field")
MOST_UNDECIDED = 50_000_000  # designs that no bound excludes: 400 MiB for each figure that is kept of them

Array = np.ndarray
# Gets how many designs were looked at, how many were worked out by themselves, and how many may still be.
Listener = Callable[[int, int, int], None]


@dataclass
class Counts:
    """How many designs there are, how many are valid networks, and how many each limit excludes.

    Where a bound alone was looked at, `within` and `excluded` hold what is known: designs that a bound does
    not exclude count as within until they were worked out. `bounded` are the limits that this is true of.
    """

    designs: int
    valid: int = 0
    within: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    alone: dict[str, int] = field(default_factory=dict)
    bounded: tuple[str, ...] = ()
    evaluated: int = 0


@dataclass(frozen=True)
class Found(Design):
    """A design with the space that it is one of."""

    space: Space = field(kw_only=True)


@dataclass(frozen=True)
class Solved:
    """An answer: the designs found, best first or along the front, and the counts.

    Where nothing fits there are no designs, and `nearest` says which limits would have to give, the nearest
    first.
    """

    found: tuple[Found, ...]
    counts: Counts
    nearest: tuple[Near, ...] = ()


@dataclass(frozen=True)
class _Piece:
    """A block of designs: its quantities between bounds, its networks, which may be within all limits."""

    first: int
    values: Mapping[str, Interval]
    valid: Array
    possible: Array
    is_decided: bool


@dataclass(frozen=True)
class _Spaces:
    """Several spaces as one, their designs numbered on, and what is asked of them."""

    spaces: tuple[Space, ...]
    quantities: tuple[Quantity, ...]
    limits: tuple[Limit, ...]
    counts: Counts
    nearest: Nearest
    listen: Listener | None

    @classmethod
    def of(
        cls,
        spaces: Space | Sequence[Space],
        quantities: Sequence[Quantity],
        limits: Sequence[Limit],
        listen: Listener | None,
    ) -> _Spaces:
        several = (spaces,) if isinstance(spaces, Space) else tuple(spaces)
        wanted = tuple(dict.fromkeys((*quantities, *(each.quantity for each in limits))))
        unknown = [
            str(each)
            for each in limits
            if not all(are_known((each.quantity,), space.family.network) for space in several)
        ]
        counts = Counts(sum(each.designs for each in several), bounded=tuple(unknown))
        return cls(several, wanted, tuple(limits), counts, Nearest(tuple(limits)), listen)

    def place(self, number: int) -> tuple[Space, int]:
        """The space of a design, and its number there."""
        for space in self.spaces:
            if number < space.designs:
                return space, number
            number -= space.designs
        raise AssertionError(number)

    def knows(self, number: int, quantity: Quantity) -> bool:
        """Whether a formula gives a quantity of a design."""
        return are_known((quantity,), self.place(number)[0].family.network)

    def exact(self, number: int) -> Found:
        """A design worked out by itself."""
        space, own = self.place(number)
        design = space.family.exact(space.settings(own), self.quantities, addresses=False)
        return _found(design, space)

    def within(self, design: Design) -> bool:
        """Whether a design is a network within all limits."""
        return not design.problem and all(
            each.holds(design.values[each.quantity.text]) for each in self.limits
        )

    def pieces(self) -> Iterator[_Piece]:
        """All designs, block by block."""
        offset = 0
        for space in self.spaces:
            is_decided = are_known(self.quantities, space.family.network)
            for first, settings, shape in space.blocks():
                values, valid = _block(space.family, settings, shape, self.quantities)
                possible = [_possible(each, values[each.quantity.text]) for each in self.limits]
                inside = valid & np.logical_and.reduce([valid, *possible])
                _count(self.counts, self.limits, possible, valid, inside)
                self.nearest.look(offset + first, values, valid, possible)
                self.tell(offset + first + len(valid), 0)
                yield _Piece(offset + first, values, valid, inside, is_decided)
            offset += space.designs

    def tell(self, done: int, left: int) -> None:
        """Tells who listens how far the search is."""
        if self.listen is not None:
            self.listen(done, self.counts.evaluated, left)

    def worked_out(self, numbers: Sequence[int]) -> Iterator[tuple[int, Found]]:
        """Designs worked out one by one, told as they come; no more of them are than are asked for."""
        for place, number in enumerate(numbers):
            self.counts.evaluated += 1
            self.tell(self.counts.designs, len(numbers) - place)
            design = self.exact(number)
            for each in self.limits:
                if not design.problem and not each.holds(design.values[each.quantity.text]):
                    self.counts.excluded[str(each)] += 1
            self.counts.within -= not self.within(design)
            yield number, design

    def designs(self, numbers: Sequence[int]) -> tuple[Found, ...]:
        """Designs with the quantities that are asked for, those of one space at once."""
        found: dict[int, Found] = {}
        by_space: dict[int, list[tuple[int, int]]] = {}
        for number in numbers:
            space, own = self.place(number)
            by_space.setdefault(self.spaces.index(space), []).append((number, own))
        for index, rows in by_space.items():
            space = self.spaces[index]
            # A front may have a million designs, whose arrays at once would take too much memory.
            for start in range(0, len(rows), 1024):
                part = rows[start : start + 1024]
                settings = [space.settings(own) for _, own in part]
                made = space.family.designs(settings, self.quantities, addresses=False)
                found |= {number: _found(each, space) for (number, _), each in zip(part, made, strict=True)}
        return tuple(found[number] for number in numbers)

    def answer(self, numbers: Sequence[int], known: Mapping[int, Found] | None = None) -> Solved:
        """The designs of these numbers; where there are none, what would have to give."""
        if not numbers:
            return Solved((), self.counts, self.nearest.told(self.exact))
        known = known or {}
        rest = self.designs([number for number in numbers if number not in known])
        others = iter(rest)
        return Solved(
            tuple(known[number] if number in known else next(others) for number in numbers), self.counts
        )


def _found(design: Design, space: Space) -> Found:
    return Found(
        design.settings, design.values, design.network, design.problem, design.transforms, space=space
    )


def solve(
    spaces: Space | Sequence[Space],
    maximize: Quantity,
    limits: Sequence[Limit],
    listen: Listener | None = None,
) -> Solved:
    """The design of the largest value of a quantity within the limits, of all designs of one space or more.

    Among equals it is the first one.
    """
    task = _Spaces.of(spaces, (maximize,), limits, listen)
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


def _best_first(task: _Spaces, maximize: Quantity, undecided: _Undecided, best: float, chosen: int) -> Solved:
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
    task, best = _Spaces.of(spaces, [each for each, _ in aims], limits, listen), Front()
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
    task: _Spaces, best: Front, undecided: _Undecided, aims: Sequence[tuple[Quantity, float]]
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

    def add(self, piece: _Piece, points: Array) -> None:
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


def _possible(limit: Limit, values: Interval) -> Array:
    """Which designs a bound does not exclude."""
    return np.asarray(limit.holds(values.high if limit.below else values.low))


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


def _block(
    family: Family, settings: Mapping[str, Number], shape: tuple[int, ...], quantities: Sequence[Quantity]
) -> tuple[dict[str, Interval], Array]:
    all_at_once = family.swept

    def work_out(these: Settings, shape: tuple[int, ...]) -> tuple[Mapping[str, Interval], Array]:
        figures = family.figures(all_at_once.at(these).graph())
        values = intervals(quantities, family.network, figures, shape)
        valid = np.ones(shape, dtype=bool)
        for _, holds, _, _ in broken_designs(figures.graph):
            valid &= holds
        return values, valid.ravel()

    try:
        values, valid = work_out(settings, shape)
        return dict(values), valid
    except CostModelError:  # what decides which layers exist cannot be an array along its own dimension
        flat = {name: _flat(value, shape) for name, value in settings.items()}
    size = prod(shape)
    lows, highs = ({each.text: np.zeros(size) for each in quantities} for _ in range(2))
    valid = np.zeros(size, dtype=bool)
    for rows, part in groups(flat, size, lambda these, count: work_out(these, (count,))):
        if part is not None:
            valid[rows] = part[1]
            for text, inside in part[0].items():
                lows[text][rows], highs[text][rows] = inside
    return {text: Interval(lows[text], highs[text]) for text in lows}, valid


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
