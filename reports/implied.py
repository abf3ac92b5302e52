"""Printed costs of sampled networks: the mean of active bins that each stands for, and several at once.

Such a cost is a mean over clips of what a network learned to sample. Nothing gives it but itself; what can be
checked is whether one number explains every figure that hangs on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product
from math import ceil

from costmodel.analysis.conventions import convention_named
from costmodel.errors import CostModelError, OptionError, SpecError
from costmodel.network import Network
from costmodel.spec.load import Item
from costmodel.transforms.sgs import Sgs
from reports.active_bins import costs_by_active_bins, implied_active_bins
from reports.cells import Cell
from reports.networks import Networks, Operands, shown
from reports.printed import Range, number, would_print

SAMPLED = "sampled"  # the name of the cost of a clip in an expression
UNITS = {"G": 10**9}  # of costs themselves


@dataclass(frozen=True)
class Implied:
    """The mean number of active bins that gives a printed figure.

    Args:
        mean: of the figure as it stands.
        most: bins that there are.
        rounded: the numbers whose figure rounds to the printed one.
        cut_off: those whose figure begins with its digits.
    """

    mean: Fraction
    most: int
    rounded: Range
    cut_off: Range


def is_sampled(cell: Cell, networks: Networks, known: Mapping[str, Item]) -> bool:
    """Whether a cell's network leaves the number of frames to its clips."""
    sampling = networks.network(cell, known).made_by(Sgs) if cell.text("network") else None
    return sampling is not None and sampling.active_bins is None


def implied(cell: Cell, networks: Networks, known: Mapping[str, Item], operands: Operands) -> Implied:
    """What a printed figure of a sampled network says of its clips.

    Its expression has the cost of a clip under the name `sampled`; without one it is that cost.

    Raises:
        SpecError: the network costs less or more than that at any number of active bins.
    """
    try:
        costs = _costs(networks.network(cell, known), cell.text("convention"))
        inverse = _Inverse.of(costs, _figure(cell, networks, known, operands))
        inverse.must_reach(number(cell.printed))
    except SpecError:  # names its place
        raise
    except CostModelError as error:
        raise cell.error(str(error)) from error
    rounded, cut_off = map(inverse.between, would_print(cell.printed))
    return Implied(inverse.bins(number(cell.printed)), max(costs), rounded, cut_off)


def told_alone(found: Implied) -> str:
    """A printed figure in words."""
    return f"a mean of {float(found.mean):.2f} of {found.most} active bins"


def told_together(found: Sequence[Implied], what: str) -> str:
    """Whether one number of active bins gives several figures, in words."""
    all_of = f"{'both' if len(found) == 2 else f'all {len(found)}'} figures of {what}"
    ways = {
        "cut off or rounded": [[each for one in found for each in (one.rounded, one.cut_off)]],
        "rounded": [[each.rounded for each in found]],
        "cut off": [[each.cut_off for each in found]],
        "some cut off, some rounded": product(*((each.rounded, each.cut_off) for each in found)),
    }
    for how, choices in ways.items():
        for ranges in choices:
            low, high = max(each[0] for each in ranges), min(each[1] for each in ranges)
            if low < high:
                whole = f"; {ceil(low)} does" if ceil(low) < high else ""
                return f"{_span(low, high)} {all_of}, {how}{whole}"
    return f"no one number gives {all_of}"


def _span(low: Fraction, high: Fraction) -> str:
    first, last = (f"{float(each):.2f}" for each in (low, high))
    return f"about {first} gives" if first == last else f"{first} to {last} give"


Figure = Callable[[int], Fraction]


@dataclass(frozen=True)
class _Inverse:
    """From a figure back to the number of active bins.

    Args:
        costs: of a clip at each number.
        ends: the figure, or one over it, at the least and at the most of these costs: linear between them.
        is_over: whether it is one over the figure.
    """

    costs: dict[int, int]
    ends: Range
    is_over: bool

    @classmethod
    def of(cls, costs: dict[int, int], figure: Figure) -> _Inverse:
        """The inverse of a figure that is linear in the cost, or that is a number over it.

        Raises:
            OptionError: it is neither.
        """
        least, most = min(costs.values()), max(costs.values())
        low, middle, high = (figure(cost) for cost in (least, least + (most - least) // 2, most))
        share = Fraction((most - least) // 2, most - least)
        for is_over in (False, True):
            if is_over:
                low, middle, high = 1 / low, 1 / middle, 1 / high
            if middle == low + share * (high - low) and low != high:
                return cls(costs, (low, high), is_over)
        raise OptionError(f"{SAMPLED}: expected a figure that is linear in that cost, or a number over it")

    def must_reach(self, wanted: Fraction) -> None:
        """Raises unless a number of active bins gives the figure."""
        ends = [1 / end for end in self.ends] if self.is_over else self.ends
        if not min(ends) <= wanted <= max(ends):
            least, most = map(shown, ends)
            raise OptionError(
                f"no number of active bins gives it: {min(self.costs)} give {least}, {max(self.costs)} {most}"
            )

    def bins(self, wanted: Fraction) -> Fraction:
        """The number at a figure, or the end of their range that is nearer."""
        low, high = self.ends
        share = ((1 / wanted if self.is_over else wanted) - low) / (high - low)
        least, most = min(self.costs.values()), max(self.costs.values())
        cost = least + min(max(share, Fraction(0)), Fraction(1)) * (most - least)
        return implied_active_bins(self.costs, cost)

    def between(self, figures: Range) -> Range:
        """The numbers whose figures lie in a range."""
        one, other = map(self.bins, figures)
        return min(one, other), max(one, other)


@cache
def _costs(network: Network, convention: str) -> dict[int, int]:
    """What a clip costs at each number; several figures are about one network."""
    return costs_by_active_bins(network, convention_named(convention))


def _figure(cell: Cell, networks: Networks, known: Mapping[str, Item], operands: Operands) -> Figure:
    """A cell's figure at a cost of a clip."""
    text = cell.text("value")
    if not text:
        return lambda cost: Fraction(cost, UNITS[cell.text("unit")])

    def figure(cost: int) -> Fraction:
        found = networks.evaluated(cell, text, known, {**operands, SAMPLED: Fraction(cost)})
        assert isinstance(found, int | Fraction)
        return Fraction(found)

    return figure
