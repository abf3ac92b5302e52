"""Backward contraction: from a large network, the axis that loses least, until every limit holds."""

from __future__ import annotations

from collections.abc import Iterator
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


def check_large_start(problem: Problem) -> None:
    """Refuses a contraction that cannot begin.

    Raises:
        OptionError: a limit from below does not hold at the start, or no axis can move.
    """
    if problem.factor <= 1:
        raise OptionError(f"--factor: {float(problem.factor):g}, expected more than 1")
    # one form that can begin is enough: the others are left out of the first step with their reasons
    starts = [each for each in problem.starts if not outside(_from_below(problem), each)]
    if not starts:
        broken = outside(_from_below(problem), problem.first)
        raise OptionError(f"--limit: the start is outside, and contraction only reduces: {'; '.join(broken)}")
    tried: list[Considered] = []
    for each in starts:
        worst = _worst(problem, each)
        if worst is None:
            return
        tried = _offered(problem, worst, each)
        if any(option.stands for option in tried):
            return
    raise OptionError(f"no axis can move from the start: {reasons(tried)}")


def contract(problem: Problem, judge: Judge) -> Iterator[Decision]:
    """The decisions of a contraction: each step divides the quantity of the most exceeded limit.

    The networks on the way are above a limit, and scored: the axis that loses least has the best score.
    """
    start = last = start_of(problem, judge, _from_below(problem))
    yield last
    for step in range(1, MOST_STEPS):
        worst = _worst(problem, last.design)
        if worst is None:
            yield if_worse(stopped(step, last, "every limit holds"), start, "the start")
            return
        options = judged(_offered(problem, worst, last.design), judge, step)
        chosen = best_of(problem, options)
        if chosen is None:
            ended = stopped(
                step, last, f"{worst} is not met and no axis can move: {reasons(options)}", options
            )
            yield if_worse(ended, start, "the start")
            return
        last = decided(
            problem, step, "contract", chosen, options, f"towards {worst}: {why_best(chosen, options)}"
        )
        yield last


def _offered(problem: Problem, worst: Limit, design: Design) -> list[Considered]:
    """What the axes offer to divide a quantity; where none comes near, to meet the limit at once."""
    aim = _divided(problem, worst, design)
    found = options_of(problem, design, aim, _from_below(problem))
    if aim.at_most or any(option.stands for option in found):
        return found
    # A coarse axis may have nothing near the divided cost, and still something below the limit.
    at_once = Aim(worst.quantity, aim.present, worst.bound, at_most=True)
    return options_of(problem, design, at_once, _from_below(problem))


def _from_below(problem: Problem) -> tuple[Limit, ...]:
    return tuple(limit for limit in problem.limits if limit.below)


def _worst(problem: Problem, design: Design) -> Limit | None:
    """The limit, the budget among them, that a network exceeds the most; None where all hold."""
    excess = {
        limit: limit.excess(design.values[limit.quantity.text])
        for limit in (problem.budget, *problem.limits)
        if not limit.below
    }
    # limits are of unlike units, so what is compared is the ratio of a figure to its bound
    worst = max(excess, key=lambda limit: excess[limit])
    return worst if excess[worst] > 1 else None


def _divided(problem: Problem, limit: Limit, design: Design) -> Aim:
    present = Fraction(design.values[limit.quantity.text])
    target = present / problem.factor
    if target <= limit.bound:
        return Aim(limit.quantity, present, limit.bound, at_most=True)
    return Aim(limit.quantity, present, target)
