"""What each axis offers in a step: the value whose cost is nearest to a target, found among distinct designs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.numbers import Ratios, floor, simplify
from costmodel.spec.axes import Axis
from search.budget import Limit, Quantity
from search.family import Family, Settings

COARSE = 96  # values looked at along a whole axis
DECIMALS = 10_000  # a real size takes values of 1/10000
TOLERANCE = 0.1  # an axis that cannot come this near to its target is left out
MOST_BRACKETS = 4

Array = NDArray[np.int64]


@dataclass(frozen=True)
class Offer:
    """What an axis offers: its new value and all sizes then, or why it is left out.

    `note` says why the value is what it is, where the cost does not decide it.
    """

    axis: str
    value: Any = None
    settings: Settings | None = None
    ratio: float | None = None
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class Aim:
    """Where an axis should take the cost.

    Args:
        quantity: the cost.
        present: its value now.
        target: its value aimed at.
        at_most: whether the target must not be exceeded; else the nearest within 10 % is taken.
    """

    quantity: Quantity
    present: Any
    target: Any
    at_most: bool = False

    @property
    def grows(self) -> bool:
        """Whether the cost is to become larger."""
        return bool(self.target > self.present)


def offers(
    family: Family, present: Settings, axes: Sequence[Axis], aim: Aim, limits: Sequence[Limit] = ()
) -> list[Offer]:
    """What every axis offers from the present settings.

    Values are looked at in two rounds, all axes at once: over the whole axis, then every distinct design (each whole
    number, or each 1/10000) around those whose cost comes nearest.
    """
    tracks = [_Track(axis, present, aim) for axis in axes]
    moving = [track for track in tracks if len(track.values)]
    for refine in (False, True):
        if refine:
            for track in moving:
                track.refine()
        pieces = [track.piece() for track in moving]
        if pieces:
            (costs,) = family.many(pieces, [aim.quantity])
            for track, cost in zip(moving, costs, strict=True):
                track.costs = cost
    return [track.offer(family, limits) for track in tracks]


class _Track:
    """One axis on the way to its offer: the values looked at, as whole multiples of a step, and their costs."""

    def __init__(self, axis: Axis, present: Settings, aim: Aim) -> None:
        self.axis, self.present, self.aim = axis, present, aim
        self.scale = 1 if axis.integer else DECIMALS
        self.now = Fraction(present[axis.moves])
        self.nominal = self._nominal()
        low, high = (floor(Fraction(bound) * self.scale) for bound in axis.bounds)
        here = self.now * self.scale
        first, last = (floor(here) + 1, high) if aim.grows else (low, -floor(-here) - 1)
        self.values = _spread(first, last, COARSE)
        self.costs: Any = None
        self.felt = True

    def _nominal(self) -> Fraction:
        moved = self.now * self.axis.factor if self.aim.grows else self.now / self.axis.factor
        return Fraction(floor(moved + Fraction(1, 2))) if self.axis.integer else moved

    def piece(self) -> dict[str, Any]:
        values = self.values if self.scale == 1 else Ratios(self.values, self.scale)
        return self.axis.moved(self.present, values)

    def refine(self) -> None:
        """Every distinct design around the values whose cost comes nearest to the target."""
        values, costs, target = self.values, self.costs, float(self.aim.target)
        if (costs == float(self.aim.present)).all():
            self.felt = False
            return
        near = {int(np.nanargmin(np.abs(costs - target)))}
        above = costs > target
        near.update(np.flatnonzero(above[1:] != above[:-1])[:MOST_BRACKETS].tolist())
        spans = [self._span(index) for index in sorted(near)]
        self.values = np.unique(np.concatenate(spans))

    def _span(self, index: int) -> Array:
        """All values from the coarse one before to the one after those that cost the same as this one or the next."""
        last = len(self.values) - 1
        first, final = index, min(index + 1, last)
        while first > 0 and self.costs[first - 1] == self.costs[index]:
            first -= 1
        while final < last and self.costs[final + 1] == self.costs[final]:
            final += 1
        return np.arange(self.values[max(first - 1, 0)], self.values[min(final + 1, last)] + 1)

    def offer(self, family: Family, limits: Sequence[Limit]) -> Offer:
        low, high = self.axis.bounds
        bound = high if self.aim.grows else low
        if not len(self.values):
            return Offer(self.axis.name, reason=f"{self.axis.moves} stands at its bound of {_decimal(bound)}")
        if not self.felt:
            return self._by_its_factor(family, limits)
        value = self._nearest(family)
        if value is None:
            return Offer(self.axis.name, reason=f"no {self.axis.moves} within its bounds meets the target")
        settings = self.axis.moved(self.present, simplify(value))
        cost = self.aim.quantity.value(family.figures(settings))
        ratio = float(cost) / float(self.aim.present)
        wanted = float(self.aim.target) / float(self.aim.present)
        if not self.aim.at_most and abs(ratio / wanted - 1) > TOLERANCE:
            nearest = f"{self.axis.moves} {_decimal(value)} gives x{ratio:.3g}"
            reason = f"nearest is {nearest}, more than 10 % from x{wanted:.3g}"
            return Offer(self.axis.name, simplify(value), ratio=ratio, reason=reason)
        return Offer(self.axis.name, simplify(value), settings, ratio)

    def _nearest(self, family: Family) -> Fraction | None:
        """The value of the nearest cost: of equal costs the nominal one, then the largest."""
        errors = np.abs(self.costs - float(self.aim.target))
        if self.aim.at_most:
            errors = np.where(self.costs <= float(self.aim.target), errors, np.inf)
        best = float(np.nanmin(errors))
        if not np.isfinite(best):
            return None
        costs = self.costs[errors == best]
        if self._is_within(self.nominal):
            settings = self.axis.moved(self.present, simplify(self.nominal))
            if float(self.aim.quantity.value(family.figures(settings))) in costs:
                return self.nominal
        return Fraction(int(self.values[errors == best].max()), self.scale)

    def _is_within(self, value: Fraction) -> bool:
        low, high = self.axis.bounds
        return low <= value <= high and value != self.now

    def _by_its_factor(self, family: Family, limits: Sequence[Limit]) -> Offer:
        """An axis that the cost does not feel moves by its own factor, as far as the limits allow."""
        name, moves = self.axis.name, self.axis.moves
        unfelt = f"{self.aim.quantity} does not feel {moves}"
        if not self.aim.grows:
            return Offer(name, reason=unfelt)
        far = min(self.nominal, Fraction(self.axis.bounds[1]))
        values = [far] if far > self.now else []
        values += [Fraction(int(v), self.scale) for v in self.values[::-1] if self.now < v / self.scale < far]
        for value in values:
            settings = self.axis.moved(self.present, simplify(value))
            figures = family.figures(settings)
            if all(limit.holds(limit.quantity.value(figures)) for limit in limits):
                held = "" if value == self.nominal else f", held back to {_decimal(value)} by the bounds and limits"
                note = f"{unfelt}: moved by its own factor of {_decimal(self.axis.factor)}{held}"
                return Offer(name, simplify(value), settings, 1.0, note=note)
        return Offer(name, reason=f"{unfelt}, and every larger value is outside the limits")


def _spread(first: int, last: int, most: int) -> Array:
    """Whole numbers from first to last: all, or about `most` of them at equal ratios."""
    if last < first:
        return np.zeros(0, dtype=np.int64)
    if last - first < most:
        return np.arange(first, last + 1)
    return np.unique(np.rint(np.geomspace(first, last, most)).astype(np.int64))


def _decimal(value: Any) -> str:
    return f"{float(value):.6g}"
