"""What every kind of search shares: the problem, the options of a step, and what is decided among them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from costmodel.analysis.quantities import Limit, Quantity
from costmodel.errors import OptionError
from costmodel.network import Settings
from costmodel.numbers import Exact
from costmodel.spec.axes import Axis
from search.problem.axes import Aim, Offer, offers
from search.problem.designs import Design, Family

MOST_STEPS = 200


@dataclass(frozen=True)
class Problem:
    """A search problem: a family of networks, its axes, the budget and the limits.

    Args:
        family: the spec, and whether its networks run as streams.
        axes: what may change.
        start: the sizes to start from.
        budget: the cost and its target; None where a file gives the steps.
        limits: what must hold besides; a candidate outside is never scored.
        factor: how many times dearer (or cheaper) each step is.
        watched: further quantities to work out for each network.
        meet: how a step that leaves the budget is taken back: the `last` axis alone, as X3D's (sec. 3.2), or
            the `best` of all axes.
        offered: what axes offered so far: what is likely to come next is worked out before it is asked for.
    """

    family: Family
    axes: tuple[Axis, ...]
    start: Settings
    budget: Limit
    limits: tuple[Limit, ...] = ()
    factor: Fraction = Fraction(2)
    watched: tuple[Quantity, ...] = ()
    meet: str = "best"
    offered: dict[Hashable, tuple[Considered, ...]] = field(default_factory=dict, compare=False, repr=False)

    def designs(self, rows: Sequence[Settings]) -> list[Design]:
        """The networks of several settings, with all quantities that the search looks at."""
        limited = (self.budget.quantity, *(limit.quantity for limit in self.limits))
        return self.family.designs(rows, tuple(dict.fromkeys((*limited, *self.watched))))

    @cached_property
    def first(self) -> Design:
        """The network to start from.

        Raises:
            OptionError: there is no such network.
        """
        (design,) = self.designs([self.start])
        if design.problem:
            raise OptionError(f"the start cannot be built: {design.problem}")
        return design

    def cost(self, design: Design) -> float:
        """The cost of a network."""
        return design.values[self.budget.quantity.text]

    def shown(self, cost: float) -> str:
        """A cost with its unit."""
        return self.budget.shown(cost)


@dataclass(frozen=True)
class Judged:
    """What scoring a candidate gave: its score with its standard error, or why there is none.

    Scores that are computed exactly have no error.
    """

    key: str
    score: float | None
    failure: str = ""
    error: float = 0.0


# Scores the networks of a step; what a score depends on may change from step to step.
Judge = Callable[[Sequence[Design], int], Sequence[Judged]]


@dataclass(frozen=True)
class Considered:
    """One option of a step: what an axis offered, the network it makes, or why it was left out."""

    axis: str
    value: Exact | None = None
    design: Design | None = None
    ratio: float | None = None
    key: str | None = None
    score: float | None = None
    reason: str = ""
    note: str = ""
    error: float = 0.0

    @property
    def stands(self) -> bool:
        """Whether the option may be chosen."""
        return self.design is not None and not self.reason


@dataclass(frozen=True)
class Decision:
    """The outcome of a step, and the options that it was chosen from.

    `kind` is start, expand, contract, aside (a network off the path) or stop.
    """

    step: int
    kind: str
    axis: str | None
    design: Design
    cost: float
    score: float | None = None
    key: str | None = None
    reason: str = ""
    name: str = ""
    error: float = 0.0
    options: tuple[Considered, ...] = field(default=(), repr=False)


def options_of(problem: Problem, present: Design, aim: Aim, limits: Sequence[Limit]) -> list[Considered]:
    """The options of a step: what every axis offers from a network towards an aim.

    Networks that cannot be built or stand outside a limit are left out, with the reason.
    """
    # Prefetching asks for the same step many times over.
    key = (present.network, aim, tuple(limits))
    if key not in problem.offered:
        made = offers(problem.family, present.settings, problem.axes, aim, limits)
        designs = iter(problem.designs([offer.settings for offer in made if offer.settings is not None]))
        problem.offered[key] = tuple(
            _considered(offer, next(designs) if offer.settings else None, limits) for offer in made
        )
    return list(problem.offered[key])


def _considered(offer: Offer, design: Design | None, limits: Sequence[Limit]) -> Considered:
    option = Considered(offer.axis, offer.value, design, offer.ratio, reason=offer.reason, note=offer.note)
    if design is None:
        return option
    if design.problem:
        return replace(option, reason=f"cannot be built: {design.problem}")
    return replace(option, reason="; ".join(outside(limits, design)))


def outside(limits: Sequence[Limit], design: Design) -> list[str]:
    """The limits that a network breaks, in words."""
    values = ((limit, design.values[limit.quantity.text]) for limit in limits)
    return [
        f"{limit.quantity} is {limit.shown(value)}, outside {limit}"
        for limit, value in values
        if not limit.holds(value)
    ]


def judged(options: Sequence[Considered], judge: Judge, step: int) -> list[Considered]:
    """The options with the scores of those that stand, equal networks scored once; failures left out."""
    # Two axes may lead to the same network, by address.
    unique = {each.design.network: each.design for each in options if each.stands and each.design}
    found = dict(zip(unique, judge(list(unique.values()), step), strict=True)) if unique else {}
    return [
        _scored(each, found[each.design.network]) if each.stands and each.design else each for each in options
    ]


def _scored(option: Considered, result: Judged) -> Considered:
    failure = f"failed: {result.failure}" if result.score is None else ""
    return replace(option, key=result.key, score=result.score, reason=failure, error=result.error)


def start_of(problem: Problem, judge: Judge) -> Decision:
    """The decision of step 0: the network that the search starts from, scored.

    Raises:
        OptionError: it cannot be scored.
    """
    (option,) = judged([Considered("start", None, problem.first, 1.0)], judge, 0)
    if option.score is None:
        raise OptionError(f"the start cannot be scored: {option.reason}")
    return decided(problem, 0, "start", option, (option,), "the network to start from")


def decided(
    problem: Problem, step: int, kind: str, chosen: Considered, options: Sequence[Considered], reason: str
) -> Decision:
    """The decision for one of the options."""
    assert chosen.design is not None
    return Decision(
        step,
        kind,
        None if kind == "start" else chosen.axis,
        chosen.design,
        problem.cost(chosen.design),
        chosen.score,
        chosen.key,
        reason,
        error=chosen.error,
        options=tuple(options),
    )


def stopped(step: int, last: Decision, reason: str, options: Sequence[Considered] = ()) -> Decision:
    """The decision to go no further than an earlier one."""
    return replace(last, step=step, kind="stop", axis=None, reason=reason, name="", options=tuple(options))


def reasons(options: Sequence[Considered]) -> str:
    """Why no option stands, axis by axis."""
    return "; ".join(f"{option.axis}: {option.reason}" for option in options)
