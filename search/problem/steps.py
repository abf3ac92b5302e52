"""What every kind of search shares: the problem, the options of a step, and what is decided among them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from costmodel.analysis.quantities import Limit, Quantity
from costmodel.errors import OptionError
from costmodel.network import Network, Settings
from costmodel.numbers import Exact
from costmodel.spec.axes import Axis
from search.problem.designs import Design, Family
from search.problem.forms import in_short, in_words

MOST_STEPS = 200
START = "start"


@dataclass(frozen=True)
class Form:
    """A form that a step may take: what its axes of transforms are at, by name, and its networks."""

    labels: Mapping[str, str]
    family: Family

    def sizes(self, settings: Settings) -> Settings:
        """The sizes of a network in another form, as far as this one has them; its own for what it adds."""
        own = self.family.network.sizes
        return {name: settings.get(name, value) for name, value in own.items()}


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
        forms: those that a step may take, the family's among them; none where it stays in its own.
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
    forms: tuple[Form, ...] = ()
    offered: dict[Hashable, tuple[Considered, ...]] = field(default_factory=dict, compare=False, repr=False)

    def designs(self, rows: Sequence[Settings], family: Family | None = None) -> list[Design]:
        """The networks of several settings, with all quantities that the search looks at."""
        limited = (self.budget.quantity, *(limit.quantity for limit in self.limits))
        return (family or self.family).designs(rows, tuple(dict.fromkeys((*limited, *self.watched))))

    @cached_property
    def in_forms(self) -> tuple[Form, ...]:
        """The forms that a step may take; the family's own where there are no others."""
        return self.forms or (Form({}, self.family),)

    def form_of(self, design: Design) -> Form:
        """The form that a network has."""
        found = (each for each in self.in_forms if each.family.network.transforms == design.transforms)
        return next(found, self.in_forms[0])

    def network_of(self, design: Design) -> Network:
        """A design as a network."""
        return self.form_of(design).family.at(design.settings)

    @cached_property
    def starts(self) -> tuple[Design, ...]:
        """The network to start from, in each form that it can be built in.

        Raises:
            OptionError: in none.
        """
        made = [self.designs([form.sizes(self.start)], form.family)[0] for form in self.in_forms]
        found = tuple(each for each in made if not each.problem)
        if not found:
            raise OptionError(f"the start cannot be built: {made[0].problem}")
        return found

    @property
    def first(self) -> Design:
        """The network to start from, in the first form where there are several.

        Raises:
            OptionError: there is no such network.
        """
        return self.starts[0]

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
    """One option of a step: what an axis offered, the network it makes, or why it was left out.

    `form` is what the axes of transforms are at, where a search moves them.
    """

    axis: str
    value: Exact | None = None
    design: Design | None = None
    ratio: float | None = None
    key: str | None = None
    score: float | None = None
    reason: str = ""
    note: str = ""
    error: float = 0.0
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The axis and the form: `X-Depth in causal`, or `form causal` where the form alone moves."""
        if self.axis.partition(", ")[0] in self.form:
            return in_words(self.form)
        return f"{self.axis} in {in_short(self.form)}" if self.form else self.axis

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
    return "; ".join(f"{option.title}: {option.reason}" for option in options)
