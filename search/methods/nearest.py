"""Which limit would have to give where nothing fits, and how far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from costmodel.analysis.quantities import Limit
from search.problem.designs import Design
from search.problem.interval import Interval

KEPT = 32  # designs looked at for each limit: bounds are near, so the first few tell

Array = np.ndarray


@dataclass(frozen=True)
class Near:
    """A design that only these limits keep out, and what they would have to be to let it in."""

    limits: tuple[Limit, ...]
    design: Design

    @property
    def ratio(self) -> float:
        """How far the worst of them would have to give: 1 is not at all."""
        return max(_apart(each, self.design.values[each.quantity.text]) for each in self.limits)

    def __str__(self) -> str:
        needed = (
            f"{each} would have to be {each.shown(self.design.values[each.quantity.text])}"
            for each in self.limits
        )
        return " and ".join(needed)


@dataclass
class Nearest:
    """The designs that come nearest to all limits, as designs come block by block.

    For each limit those that only this one keeps out, and those whose worst limit is the least exceeded.
    """

    limits: tuple[Limit, ...]
    kept: dict[int, tuple[Array, Array]] = field(default_factory=dict)

    def look(
        self, first: int, values: Mapping[str, Interval], valid: Array, possible: Sequence[Array]
    ) -> None:
        """Takes a block in: its quantities between bounds, its networks, and what each limit may admit."""
        if not self.limits:
            return
        apart = np.stack([_apart_of(each, values[each.quantity.text]) for each in self.limits])
        for place in range(len(self.limits)):
            others = np.logical_and.reduce([valid, *possible[:place], *possible[place + 1 :]])
            self._keep(place, first, others, apart[place])
        self._keep(len(self.limits), first, valid, apart.max(axis=0))

    def told(self, exact: Callable[[int], Design]) -> tuple[Near, ...]:
        """For each limit by itself the nearest design, worked out; where there is none, of all limits."""
        alone = [self._nearest(place, exact) for place in range(len(self.limits))]
        found = [each for each in alone if each is not None]
        if not found:
            worst = self._nearest(len(self.limits), exact)
            found = [] if worst is None else [worst]
        return tuple(sorted(found, key=lambda each: each.ratio))

    def _keep(self, place: int, first: int, rows: Array, apart: Array) -> None:
        numbers = np.flatnonzero(rows)
        if not len(numbers):
            return
        before = self.kept.get(place, (np.zeros(0, dtype=np.int64), np.zeros(0)))
        if len(numbers) > KEPT:
            numbers = numbers[np.argpartition(apart[numbers], KEPT)[:KEPT]]
        all_numbers = np.concatenate([before[0], first + numbers])
        all_apart = np.concatenate([before[1], apart[numbers]])
        order = np.lexsort((all_numbers, all_apart))[:KEPT]
        self.kept[place] = all_numbers[order], all_apart[order]

    def _nearest(self, place: int, exact: Callable[[int], Design]) -> Near | None:
        """The nearest design, worked out until the bounds of those that are left are no nearer."""
        best: Near | None = None
        for number, bound in zip(*self.kept.get(place, ((), ())), strict=True):
            if best is not None and best.ratio <= bound:
                break
            design = exact(int(number))
            if design.problem:
                continue
            broken = tuple(each for each in self.limits if not each.holds(design.values[each.quantity.text]))
            # worked out, another limit may keep it out as well
            is_alone = place == len(self.limits) or broken == (self.limits[place],)
            near = Near(broken, design) if broken and is_alone else None
            if near is not None and (best is None or near.ratio < best.ratio):
                best = near
        return best


def _apart(limit: Limit, value: float) -> float:
    """How far a value is outside a limit, in parts of its bound: at most 1 inside."""
    bound = float(limit.bound)
    return 1 + (bound - value if limit.below else value - bound) / (abs(bound) or 1)


def _apart_of(limit: Limit, values: Interval) -> Array:
    bound = float(limit.bound)
    away = bound - values.high if limit.below else values.low - bound
    return np.asarray(1 + away / (abs(bound) or 1))
