"""Replays a published order of steps from a file, and notes beside each what the axis rule would choose."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from costmodel.analysis.quantities import Limit, limit
from costmodel.errors import CostModelError, OptionError, SpecError, nearest
from costmodel.numbers import Exact
from costmodel.spec.document import shipped_folder
from costmodel.spec.load import Item, read
from search.problem.axes import Aim
from search.problem.choice import start_of
from search.problem.offered import options_of
from search.problem.steps import (
    Considered,
    Decision,
    Judge,
    Problem,
    decided,
    judged,
    stopped,
)

KEYS = ("source", "spec", "start", "steps")
STEP_KEYS = ("axis", "set", "name", "aside", "budget", "printed")
MOST_STEPS = 1000


@dataclass(frozen=True)
class ReplayStep:
    """One step of a file: the axis, the sizes that it sets, whether it leaves the path to meet a budget."""

    axis: str
    sets: Mapping[str, Exact]
    name: str = ""
    aside: bool = False
    budget: Limit | None = None
    printed: object = None


@dataclass(frozen=True)
class Replay:
    """A published order of steps: the variant that it starts from, and the steps."""

    start: str | None
    steps: tuple[ReplayStep, ...]

    def __call__(self, problem: Problem, judge: Judge) -> Iterator[Decision]:
        """The decisions of the file; each option list holds what the axis rule would have chosen.

        Raises:
            CostModelError: a network of the file cannot be built or scored.
        """
        last = start_of(problem, judge)
        yield last
        number = 0
        for each in self.steps:
            # An aside leaves the path and comes back to it: it belongs to the step that it is aside of.
            number += not each.aside
            decision = _replayed(problem, judge, last, each, number)
            yield decision
            last = last if each.aside else decision
        yield stopped(number + 1, last, "the file ends here")


def _replayed(problem: Problem, judge: Judge, last: Decision, each: ReplayStep, step: int) -> Decision:
    (design,) = problem.designs([{**last.design.settings, **each.sets}])
    if design.problem:
        raise CostModelError(f"--replay: step {step}, {each.axis}: {design.problem}")
    ratio = float(problem.cost(design)) / float(last.cost)
    (chosen,) = judged([Considered(each.axis, None, design, ratio)], judge, step)
    if chosen.score is None:
        raise CostModelError(f"--replay: step {step}, {each.axis}: {chosen.reason}")
    # What the axis rule would have done is kept beside, so that a study shows where the paper differs.
    rule = options_of(problem, last.design, _aim(problem, last, each), problem.limits)
    reason = f"the file says so; {_ruled(problem, each, rule)}"
    kind = "aside" if each.aside else "expand"
    return replace(decided(problem, step, kind, chosen, rule, reason), name=each.name)


def _aim(problem: Problem, last: Decision, each: ReplayStep) -> Aim:
    present = Fraction(last.cost)
    if each.budget is not None:
        return Aim(each.budget.quantity, present, each.budget.bound, at_most=True)
    return Aim(problem.budget.quantity, present, present * problem.factor)


def _ruled(problem: Problem, each: ReplayStep, rule: list[Considered]) -> str:
    own = next((option for option in rule if option.axis == each.axis), None)
    if own is None or own.design is None or own.value is None:
        return f"the axis rule leaves {each.axis} out: {own.reason if own else 'the spec has no such axis'}"
    # a design outside a limit was never costed
    shown = problem.shown(problem.cost(own.design)) if own.design.values else own.reason
    return f"the axis rule takes {each.axis} to {float(own.value):.6g}, {shown}"


def rule_of(decision: Decision) -> Considered | None:
    """What the axis rule would have chosen along the axis of a replayed step."""
    return next((option for option in decision.options if option.axis == decision.axis), None)


def read_replay(name: str, axes: tuple[str, ...], sizes: Collection[str]) -> Replay:
    """The steps of a file, or of a shipped one by its name.

    Raises:
        SpecError: there is no such file, or a step is wrong.
    """
    root = read(_found(name))
    if not isinstance(root.value, dict):
        raise root.error(f"{root.kind}, expected `steps`")
    _known(root, KEYS)
    steps = root.value.get("steps")
    if steps is None or not isinstance(steps.value, list) or not 0 < len(steps.value) <= MOST_STEPS:
        raise root.error(f"expected `steps`, a list of 1 to {MOST_STEPS} steps")
    start = root.value.get("start")
    return Replay(
        None if start is None else str(start.value), tuple(_step(item, axes, sizes) for item in steps.value)
    )


def _budget(item: Item) -> Limit:
    try:
        return limit(str(item.value), "budget")
    except OptionError as error:
        raise item.error(str(error)) from error


def _step(item: Item, axes: tuple[str, ...], sizes: Collection[str]) -> ReplayStep:
    if not isinstance(item.value, dict):
        raise item.error(f"{item.kind}, expected a step with [{', '.join(STEP_KEYS)}]")
    _known(item, STEP_KEYS)
    axis, sets = item.value.get("axis"), item.value.get("set")
    if axis is None or axis.value not in axes:
        place = item if axis is None else axis
        raise place.error(f"unknown axis {axis and axis.value!r}{nearest(str(axis and axis.value), axes)}")
    if sets is None or not isinstance(sets.value, dict) or not sets.value:
        raise item.error("`set` is missing: the sizes after this step")
    return ReplayStep(
        axis.value,
        {name: _number(name, value, sizes) for name, value in sets.value.items()},
        str(item.value["name"].value) if "name" in item.value else "",
        "aside" in item.value and item.value["aside"].value is True,
        _budget(item.value["budget"]) if "budget" in item.value else None,
        item.value["printed"].value if "printed" in item.value else None,
    )


def _number(name: str, item: Item, sizes: Collection[str]) -> Exact:
    if name not in sizes:
        raise item.error(f"unknown size {name!r}{nearest(name, sizes)}")
    if not isinstance(item.value, int | Fraction):
        raise item.error(f"{item.kind}, expected a number")
    return item.value


def _known(item: Item, keys: tuple[str, ...]) -> None:
    for key, entry in item.value.items():
        if key not in keys:
            raise entry.error(f"unknown key{nearest(key, keys)}")


def _found(name: str) -> Path:
    path = Path(name)
    # a name with a suffix is meant as a file, so that a mistyped one is not looked for among the shipped
    if path.suffix or path.exists():
        return path
    shipped = shipped_folder() / "published" / f"{name}.yaml"
    if not shipped.exists():
        names = [each.stem for each in shipped.parent.glob("*_expansion.yaml")]
        raise SpecError(f"--replay: {name}: neither a file nor a shipped order{nearest(name, names)}")
    return shipped
