"""Forward expansion, one axis a step, and the contraction that meets the budget (Feichtenhofer 2020, 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from costmodel.analysis.quantities import Limit
from costmodel.errors import OptionError
from search.problem.axes import Aim
from search.problem.choice import best_of, if_worse, start_of, why_best
from search.problem.designs import Design
from search.problem.offered import options_of, outside
from search.problem.steps import (
    MOST_STEPS,
    Considered,
    Decision,
    Judge,
    Problem,
    decided,
    judged,
    reasons,
    stopped,
)

LAST = "last"
NEAR = Fraction(9, 10)  # of its budget: a step may land as far below, and such a network is not expanded


def check_start(problem: Problem) -> None:
    """Refuses a problem that cannot begin.

    Raises:
        OptionError: the budget is below the start's cost, the start is outside a limit, or no axis can move.
    """
    budget = problem.budget
    if budget.below:
        raise OptionError(f"--budget {budget}: expected the most that the network may cost, METRIC<=AMOUNT")
    if problem.factor <= 1:
        raise OptionError(f"--factor: {float(problem.factor):g}, expected more than 1")
    if not problem.axes:
        raise OptionError(
            f"{problem.family.network.document.name}: the spec declares no axes, so nothing can move"
        )
    # one form that can begin is enough: the others are left out of the first step with their reasons
    starts = [each for each in problem.starts if not outside(_limits(problem), each)] or [problem.first]
    cost = problem.cost(starts[0])
    if not budget.holds(cost):
        raise OptionError(
            f"--budget {budget}: the start costs {problem.shown(cost)} already; "
            "start with a smaller network, or add --contract"
        )
    broken = outside(problem.limits, starts[0])
    if broken:
        raise OptionError(f"--limit: the start is outside: {'; '.join(broken)}")
    tried = [_first_options(problem, each) for each in starts if problem.cost(each) < NEAR * budget.bound]
    if len(tried) == len(starts) and not any(option.stands for each in tried for option in each):
        raise OptionError(f"no axis can move from the start: {reasons(tried[0])}")


def _first_options(problem: Problem, start: Design) -> Sequence[Considered]:
    return options_of(problem, start, _doubled(problem, problem.cost(start)), problem.limits)


def _limits(problem: Problem) -> tuple[Limit, ...]:
    return (problem.budget, *problem.limits)


def expand(problem: Problem, judge: Judge) -> Iterator[Decision]:
    """The decisions of a forward expansion: each step along the axis of the best score, then the contraction.

    Deviates from sec. 3.3 in nothing but the score: there it is the accuracy of a trained model.
    """
    start = last = start_of(problem, judge, _limits(problem))
    yield last
    for step in range(1, MOST_STEPS):
        # before the doubling, which would leave the budget and be contracted back to about here
        if last.cost >= NEAR * problem.budget.bound:
            ended = stopped(step, last, f"{problem.shown(last.cost)} uses the budget {problem.budget}")
            yield if_worse(ended, start, "the start")
            return
        offered = options_of(problem, last.design, _doubled(problem, last.cost), problem.limits)
        options = judged(offered, judge, step)
        chosen = best_of(problem, options)
        if chosen is None:
            ended = stopped(step, last, f"no axis can move: {reasons(options)}", options)
            yield if_worse(ended, start, "the start")
            return
        before, last = last, decided(problem, step, "expand", chosen, options, why_best(chosen, options))
        last = if_worse(last, before, "the network before it")
        yield last
        if not problem.budget.holds(last.cost):
            yield if_worse(meet_budget(problem, before, last, judge), start, "the start")
            return
    yield stopped(MOST_STEPS, last, f"{MOST_STEPS} steps")


def meet_budget(problem: Problem, before: Decision, last: Decision, judge: Judge) -> Decision:
    """The contraction of a network above the budget, along the last axis or the best of all.

    The paper contracts the axis that was expanded last (sec. 3.2); the best of all axes may lose less.

    Where none scores better than the network before the last expansion, that one is kept.
    """
    aim = Aim(problem.budget.quantity, last.cost, problem.budget.bound, at_most=True)
    step = last.step + 1
    offered = options_of(problem, last.design, aim, problem.limits)
    if problem.meet == LAST:
        form = problem.form_of(last.design).labels
        offered = [option for option in offered if option.axis == last.axis and option.form == form]
    options = judged(offered, judge, step)
    # The network before is within the budget as well, and was scored: it competes.
    kept = _as_option(before)
    chosen = best_of(problem, [*_last_axis_first(options, last.axis), kept])
    assert chosen is not None
    if chosen is kept:
        return stopped(step, before, "no contraction scores above the network before the last step", options)
    return decided(
        problem, step, "contract", chosen, options, f"meets {problem.budget}: {why_best(chosen, options)}"
    )


def _doubled(problem: Problem, cost: object) -> Aim:
    exact = Fraction(cost)  # type: ignore[call-overload]
    return Aim(problem.budget.quantity, exact, exact * problem.factor)


def _last_axis_first(options: Sequence[Considered], axis: str | None) -> list[Considered]:
    # Among equals the first wins, and the paper contracts the last axis expanded.
    return sorted(options, key=lambda option: option.axis != axis)


def _as_option(decision: Decision) -> Considered:
    axis = decision.axis or "start"
    return Considered(
        axis, design=decision.design, key=decision.key, score=decision.score, error=decision.error
    )
