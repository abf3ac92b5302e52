"""Several spaces as one, gone through block by block: each quantity of each design, or the bounds of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from costmodel.analysis.quantities import Limit, Quantity
from costmodel.errors import CostModelError
from costmodel.network import Settings
from costmodel.numbers import Number, Ratios
from search.methods.answers import Counts, Found, Solved
from search.methods.nearest import Nearest
from search.problem.alike import groups
from search.problem.bounded import are_known, intervals
from search.problem.designs import Design, Family, broken_designs
from search.problem.interval import Interval
from search.problem.space import Space

Array = np.ndarray
# Gets how many designs were looked at, how many were worked out by themselves, and how many may still be.
Listener = Callable[[int, int, int], None]


@dataclass(frozen=True)
class Piece:
    """A block of designs: its quantities between bounds, its networks, which may be within all limits."""

    first: int
    values: Mapping[str, Interval]
    valid: Array
    possible: Array
    is_decided: bool


@dataclass(frozen=True)
class Question:
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
    ) -> Question:
        """What is asked of one space or several."""
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

    def pieces(self) -> Iterator[Piece]:
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
                yield Piece(offset + first, values, valid, inside, is_decided)
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


def _possible(limit: Limit, values: Interval) -> Array:
    """Which designs a bound does not exclude."""
    return np.asarray(limit.holds(values.high if limit.below else values.low))


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
