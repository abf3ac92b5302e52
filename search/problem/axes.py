"""Finds for each axis the value at which the network's cost comes nearest to a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.quantities import Limit, Quantity
from costmodel.network import Settings
from costmodel.numbers import Exact, Number, Ratios, exact, floor, simplify
from costmodel.spec.axes import Axis
from search.problem.bounded import are_known
from search.problem.designs import Family

COARSE = 96  # values looked at along a whole axis
DECIMALS = 10_000  # a real size takes values of 1/10000
TOLERANCE = 0.1  # an axis that cannot come this near to its target is left out
MOST_BRACKETS = 4
MOST_UNFELT = 1000
MOST_WORKED_OUT = 8  # values of an axis, where a cost has no formula

Array = NDArray[np.int64]


@dataclass(frozen=True)
class Offer:
    """What an axis offers: its new value and all sizes then, or why it is left out.

    `note` says why the value is what it is, where the cost does not decide it.
    """

    axis: str
    value: Exact | None = None
    settings: Settings | None = None
    ratio: float | None = None
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class Aim:
    """The cost that a step aims at, and the present one.

    Args:
        quantity: the cost.
        present: its value now.
        target: its value aimed at.
        at_most: whether the target must not be exceeded; else the nearest within 10 % is taken.
    """

    quantity: Quantity
    present: Exact | float
    target: Exact | float
    at_most: bool = False

    @property
    def grows(self) -> bool:
        """Whether the step makes networks dearer."""
        return bool(self.target > self.present)


def offers(
    family: Family, present: Settings, axes: Sequence[Axis], aim: Aim, limits: Sequence[Limit] = ()
) -> list[Offer]:
    """One offer for each axis: the value that brings the cost nearest to the target, or why there is none.

    Values are looked at in two rounds, all axes at once: over the whole axis, then every distinct design
    (each whole number, or each 1/10000) around those whose cost comes nearest.
    """
    tracks = [_Track(axis, present, aim) for axis in axes]
    moving = [track for track in tracks if len(track.values)]
    for refine in (False, True):
        if refine:
            for track in moving:
                track.refine()
        pieces = [track.piece() for track in moving]
        if pieces:
            for track, cost in zip(moving, family.many(pieces, aim.quantity), strict=True):
                track.costs = cost
                if refine and not are_known((aim.quantity,), family.network):
                    track.work_out(family)
    return [track.offer(family, limits) for track in tracks]


class _Track:
    """The search along one axis: the values tried so far, as multiples of its step, and the cost of each."""

    def __init__(self, axis: Axis, present: Settings, aim: Aim) -> None:
        self.axis, self.present, self.aim = axis, present, aim
        self.scale = 1 if axis.integer else DECIMALS
        self.now = Fraction(exact(present[axis.moves]))
        self.nominal = self._nominal()
        # In steps, so that whole and real sizes are searched alike, in exact numbers.
        low, high = (floor(Fraction(bound) * self.scale) for bound in axis.bounds)
        here = self.now * self.scale
        first, last = (floor(here) + 1, high) if aim.grows else (low, -floor(-here) - 1)
        self.values = _spread(first, last, COARSE)
        self.costs: NDArray[np.float64] = np.zeros(0)
        self.felt = True

    def _nominal(self) -> int:
        """The present value times the axis' own factor (to shrink, divided by it), in steps."""
        moved = self.now * self.axis.factor if self.aim.grows else self.now / self.axis.factor
        return int(floor(moved * self.scale + Fraction(1, 2)))

    def piece(self) -> dict[str, Number]:
        values = self.values if self.scale == 1 else Ratios(self.values, self.scale)
        return self.axis.moved(self.present, values)

    def refine(self) -> None:
        """Every distinct design around the values whose cost comes nearest to the target."""
        values, costs, target = self.values, self.costs, float(self.aim.target)
        # Such as the frame rate, which clips of as many frames do not feel: no value comes nearer to the
        # target.
        if (costs == float(self.aim.present)).all():
            self.felt = False
            return
        near = {int(np.nanargmin(np.abs(costs - target)))}
        above = costs > target
        # Costs rise in jumps, not always evenly: wherever they cross the target the nearest may lie.
        near.update(np.flatnonzero(above[1:] != above[:-1])[:MOST_BRACKETS].tolist())
        spans = [self._span(index) for index in sorted(near)]
        # So that a tie can go to it, however coarse the first round was.
        if values[0] <= self.nominal <= values[-1]:
            spans.append(np.array([self.nominal]))
        self.values = np.unique(np.concatenate(spans))

    def work_out(self, family: Family) -> None:
        """The costs of the values that come nearest, one by one, where those known are bounds alone."""
        errors = np.abs(np.nan_to_num(self.costs, nan=np.inf) - float(self.aim.target))
        bounds, self.costs = self.costs, np.full(len(self.values), np.nan)
        for index in np.argsort(errors, kind="stable")[:MOST_WORKED_OUT].tolist():
            if np.isfinite(bounds[index]):
                row = self.axis.moved(self.present, self._value(index))
                design = family.exact(row, (self.aim.quantity,), addresses=False)
                self.costs[index] = design.values.get(self.aim.quantity.text, np.nan)

    def _span(self, index: int) -> Array:
        """All values around a coarse one and the next, as far as the cost stays the same."""
        last = len(self.values) - 1
        first, final = index, min(index + 1, last)
        while first > 0 and self.costs[first - 1] == self.costs[index]:
            first -= 1
        while final < last and self.costs[final + 1] == self.costs[final]:
            final += 1
        return np.arange(self.values[max(first - 1, 0)], self.values[min(final + 1, last)] + 1)

    def offer(self, family: Family, limits: Sequence[Limit]) -> Offer:
        low, high = self.axis.bounds
        if not len(self.values):
            bound = _decimal(high if self.aim.grows else low)
            return Offer(self.axis.name, reason=f"{self.axis.moves} stands at its bound of {bound}")
        if not self.felt:
            return self._by_its_factor(family, limits)
        index = self._nearest()
        if index is None:
            return Offer(self.axis.name, reason=f"no {self.axis.moves} within its bounds meets the target")
        value = self._value(index)
        ratio = float(self.costs[index]) / float(self.aim.present)
        wanted = float(self.aim.target) / float(self.aim.present)
        if not self.aim.at_most and abs(ratio / wanted - 1) > TOLERANCE:
            nearest = f"{self.axis.moves} {_decimal(value)} gives x{ratio:.3g}"
            reason = f"the nearest, {nearest}, is more than 10 % from x{wanted:.3g}"
            return Offer(self.axis.name, value, ratio=ratio, reason=reason)
        return Offer(self.axis.name, value, self.axis.moved(self.present, value), ratio)

    def _nearest(self) -> int | None:
        """Index of the nearest cost; ties go to the nominal value, then the largest.

        None where no cost is known, or all exceed a target that must not be exceeded.
        """
        errors = np.abs(self.costs - float(self.aim.target))
        if self.aim.at_most:
            errors = np.where(self.costs <= float(self.aim.target), errors, np.inf)
        # No network there.
        errors = np.where(np.isnan(errors), np.inf, errors)
        if not np.isfinite(errors).any():
            return None
        best = np.flatnonzero(errors == errors.min())
        nominal = best[self.values[best] == self.nominal]
        return int(nominal[0]) if len(nominal) else int(best[-1])

    def _value(self, index: int) -> Exact:
        return simplify(Fraction(int(self.values[index]), self.scale))

    def _by_its_factor(self, family: Family, limits: Sequence[Limit]) -> Offer:
        """An axis that leaves the cost unchanged moves by its own factor, as far as the limits allow."""
        name, moves = self.axis.name, self.axis.moves
        unfelt = f"{self.aim.quantity} does not feel {moves}"
        if not self.aim.grows:
            return Offer(name, reason=unfelt)
        self.values = self._up_to_nominal()
        within = np.ones(len(self.values), dtype=bool)
        for limit in limits:
            (values,) = family.many([self.piece()], limit.quantity)
            within &= limit.holds(values)
        if not within.any():
            return Offer(name, reason=f"{unfelt}, and every larger value is outside the limits")
        value = self._value(int(np.flatnonzero(within)[-1]))
        moved = f"{unfelt}: moved by its own factor of {_decimal(self.axis.factor)}"
        held = (
            "" if value * self.scale == self.nominal else f", held at {_decimal(value)} by bounds and limits"
        )
        return Offer(name, value, self.axis.moved(self.present, value), 1.0, note=moved + held)

    def _up_to_nominal(self) -> Array:
        """The values above the present one up to the nominal one, few enough to look at."""
        last = min(self.nominal, floor(Fraction(self.axis.bounds[1]) * self.scale))
        first = int(floor(self.now * self.scale)) + 1
        return _spread(first, max(first, int(last)), MOST_UNFELT)


def _spread(first: int, last: int, most: int) -> Array:
    """Whole numbers from first to last: all, or about `most` of them at equal ratios."""
    if last < first:
        return np.zeros(0, dtype=np.int64)
    if last - first < most:
        return np.arange(first, last + 1)
    # At equal ratios, since a cost grows with the ratio of a size, not with its difference.
    return np.unique(np.rint(np.geomspace(first, last, most)).astype(np.int64))


def _decimal(value: Exact) -> str:
    return f"{float(value):.6g}"
