"""Which option a step takes: the best one, and of those that are not known to differ from it the cheapest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from costmodel.analysis.quantities import Limit
from costmodel.errors import OptionError
from search.problem.offered import outside
from search.problem.steps import START, Considered, Decision, Judge, Problem, decided, judged, reasons


def best_of(problem: Problem, options: Sequence[Considered]) -> Considered | None:
    """The option of the largest score; None where none stands.

    Of options that are equal to it the cheapest, then the one of the larger score, then the first.
    """
    return min(
        equal_to_best(options),
        key=lambda option: (problem.cost(option.design), -(option.score or 0.0)),  # type: ignore[arg-type]
        default=None,
    )


def equal_to_best(options: Sequence[Considered]) -> list[Considered]:
    """The options that the best one is not known to surpass: their score is less than its error below it."""
    standing = [option for option in options if option.stands and option.score is not None]
    if not standing:
        return []
    best = max(standing, key=lambda option: option.score or 0.0)
    # Only the best one's error counts: an option of a large error would else be equal to everything.
    below = [(best.score or 0.0) - (option.score or 0.0) for option in standing]
    return [option for option, less in zip(standing, below, strict=True) if less == 0 or less < best.error]


def why_best(chosen: Considered, options: Sequence[Considered]) -> str:
    """Why an option was chosen, in words."""
    others = [each for each in options if each.stands and each is not chosen and each.score is not None]
    left_out = sum(not each.stands for each in options)
    tail = f"; {left_out} left out" if left_out else ""
    if not others:
        return f"the only {'form' if chosen.axis == START else 'axis'} that stands{tail}"
    equal = [each for each in equal_to_best(options) if each is not chosen]
    if equal:
        error = max((*equal, chosen), key=lambda each: each.score or 0.0).error
        within = f" within {error:.2g}" if error else ""
        named = ", ".join(f"{each.title} {each.score:.6g}" for each in equal)
        return f"score {chosen.score:.6g}, equal{within} to {named}: the cheapest wins{tail}"
    rival = max(others, key=lambda each: each.score or 0.0)
    return f"score {chosen.score:.6g}, next {rival.title} {rival.score:.6g}{tail}"


def if_worse(decision: Decision, than: Decision, what: str) -> Decision:
    """The decision, its reason saying so where it scores below an earlier one."""
    if decision.score is None or than.score is None or decision.score >= than.score:
        return decision
    return replace(decision, reason=f"{decision.reason}; worse than {what}, which scores {than.score:.6g}")


def start_of(problem: Problem, judge: Judge, limits: Sequence[Limit] = ()) -> Decision:
    """The decision of step 0: the network that the search starts from, scored; of several forms the best.

    Args:
        problem: of the search.
        judge: scores networks.
        limits: what a start must hold where there are several; one that stands alone was looked at before.

    Raises:
        OptionError: it cannot be scored.
    """
    several = len(problem.starts) > 1
    options = [
        Considered(
            START,
            design=design,
            ratio=1.0,
            reason="; ".join(outside(limits, design)) if several else "",
            form=problem.form_of(design).labels,
        )
        for design in problem.starts
    ]
    options = judged(options, judge, 0)
    chosen = best_of(problem, options)
    if chosen is None:
        raise OptionError(f"the start cannot be scored: {reasons(options)}")
    told = "the network to start from"
    reason = f"{told}, of all forms: {why_best(chosen, options)}" if several else told
    return decided(problem, 0, "start", chosen, options, reason)
