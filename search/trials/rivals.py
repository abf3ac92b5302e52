"""The baselines of an expansion: one network trained under several seeds, and random search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from costmodel.analysis.quantities import Quantity
from costmodel.errors import OptionError
from search.methods.expand import NEAR
from search.methods.run import Judging
from search.problem.axes import Aim
from search.problem.choice import best_of
from search.problem.designs import Design
from search.problem.offered import options_of
from search.problem.steps import (
    MOST_STEPS,
    Considered,
    Decision,
    Judge,
    Problem,
    decided,
    judged,
)

MACS = "macs_per_clip"
MOST_WALKS = 2000


@dataclass(frozen=True)
class Again:
    """One network, trained under several seeds."""

    design: Design
    step: int
    seeds: tuple[int, ...]

    def __call__(self, problem: Problem, judge: Judge) -> Iterator[Decision]:
        """One decision: the best of the trainings."""
        if not isinstance(judge, Judging):  # nothing follows that could be begun ahead
            return
        found = judge.under(self.seeds, self.design, self.step)
        options = [
            Considered(
                f"seed {seed}",
                design=self.design,
                key=each.key,
                score=each.score,
                reason=each.failure,
                error=each.error,
            )
            for seed, each in zip(self.seeds, found, strict=True)
        ]
        best = best_of(problem, options)
        if best is None:
            raise OptionError("the final network: no further training ended with a score")
        yield decided(problem, self.step, "expand", best, options, f"the best of {len(options)} seeds")


@dataclass(frozen=True)
class RandomSearch:
    """Networks at the budget, drawn at random until their training has cost as much.

    Each is the end of a random walk: every step doubles the cost along an axis drawn at random, so that any
    network that an expansion could end with may be drawn, and none is scored on the way.
    """

    price: float
    training_macs: int
    seed: int

    def __call__(self, problem: Problem, judge: Judge) -> Iterator[Decision]:
        """One decision: the best of the networks drawn."""
        random = np.random.default_rng(self.seed)
        options, step = self._drawn(problem, random)
        scored = judged(options, judge, step)
        best = best_of(problem, scored)
        if best is None:
            raise OptionError("random search: no network could be scored")
        yield decided(problem, step, "expand", best, scored, f"the best of {len(options)} drawn at random")

    def _drawn(self, problem: Problem, random: np.random.Generator) -> tuple[list[Considered], int]:
        found: dict[str, Considered] = {}
        left, deepest = float(self.training_macs), 1
        for number in range(MOST_WALKS):
            design, steps = walk(problem, random)
            if design.network in found:
                continue
            exact = problem.form_of(design).family.exact(design.settings, (Quantity(MACS),))
            # as if training cost in proportion to a forward pass: the true price is known only afterwards
            left -= self.price * exact.values[MACS]
            if left < 0 and found:
                break
            # recipes change with the step: all train by that of the deepest walk, so that scores compare
            deepest = max(deepest, steps)
            found[design.network] = Considered(f"random {number + 1}", design=design)
        return list(found.values()), deepest


def walk(problem: Problem, random: np.random.Generator) -> tuple[Design, int]:
    """A network reached by changing axes drawn at random until the budget is met; and the number of steps."""
    design, bound = problem.first, problem.budget.bound
    for step in range(MOST_STEPS):
        cost = problem.cost(design)
        if cost >= NEAR * bound:
            return design, step
        # the last step goes for the budget itself, so that no walk ends above it
        target = cost * problem.factor
        aim = Aim(
            problem.budget.quantity, cost, bound if target >= bound else target, at_most=target >= bound
        )
        limits = (*problem.limits, problem.budget)
        standing = [option.design for option in options_of(problem, design, aim, limits) if option.stands]
        if not standing:
            return design, step
        chosen = standing[int(random.integers(len(standing)))]
        assert chosen is not None
        design = chosen
    return design, MOST_STEPS
