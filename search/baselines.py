"""What a search must beat at the same training cost and final budget: one axis alone, and random search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, pstdev
from typing import Any

import numpy as np

from costmodel.errors import OptionError
from costmodel.spec import Document
from costmodel.transforms.continual import Continual
from search.axes import Aim
from search.budget import Quantity
from search.engine import Engine
from search.expand import NEAR
from search.family import Design
from search.history import candidates_of
from search.prepare import Prepared, Request, prepare
from search.run import Judging, run
from search.steps import (
    MOST_STEPS,
    Considered,
    Decision,
    Judge,
    Problem,
    best_of,
    decided,
    judged,
    options_of,
)
from search.study import Study

MACS = "macs_per_clip"
MOST_WALKS = 2000


@dataclass(frozen=True)
class Trial:
    """What one search ended with, and what it took.

    Args:
        method: `expansion`, `random`, or the name of the one axis that moved.
        seed: of the search and its training.
        score: of the network that it ended with.
        cost: of that network, in the budget's unit.
        training_macs: multiply-adds of all the candidates that it scored.
        candidates: how many they were.
    """

    method: str
    seed: int
    score: float
    cost: Any
    training_macs: int
    candidates: int


@dataclass(frozen=True)
class Comparison:
    """Runs searches against each other in one study; what was trained before is not trained again."""

    document: Document
    stream: Continual | None
    request: Request
    study: Study
    engine: Engine | None
    retries: int
    listen: Callable[[str], None]

    def trials(self, seeds: Iterable[int]) -> Iterator[Trial]:
        """For each seed the expansion, each axis alone, and random search at the expansion's cost."""
        for seed in seeds:
            request = replace(self.request, seed=seed)
            ready = prepare(request, self.document, self.stream)
            decisions = self._decisions(ready, seed)
            whole = self._trial("expansion", seed, decisions)
            yield whole
            for axis in ready.problem.axes:
                yield from self._alone(replace(request, axes=(axis.name,)), seed)
            walks = RandomSearch(self._price(decisions), whole.training_macs, seed)
            options = {**ready.options, "mode": "random", "training_macs": whole.training_macs}
            ready = replace(ready, steps=walks, options=options)
            yield self._trial("random", seed, self._decisions(ready, seed))

    def _alone(self, request: Request, seed: int) -> Iterator[Trial]:
        try:
            ready = prepare(request, self.document, self.stream)
        except OptionError as error:  # the axis cannot move by itself
            self.listen(f"{request.axes[0]} alone: {error}")
            return
        yield self._trial(request.axes[0], seed, self._decisions(ready, seed))

    def _decisions(self, ready: Prepared, seed: int) -> list[Decision]:
        self.listen(f"seed {seed}: {ready.options['mode']} along {', '.join(ready.options['axes'])}")
        judging = Judging(
            ready.problem, ready.score, seed, self.study, self.engine, self.retries, self.listen
        )
        return [decision for decision, _ in run(ready.problem, ready.steps, judging, ready.options)]

    def _trial(self, method: str, seed: int, decisions: Sequence[Decision]) -> Trial:
        spent = self._spent(decisions)
        last = decisions[-1]
        assert last.score is not None
        return Trial(method, seed, last.score, last.cost, sum(spent.values()), len(spent))

    def _spent(self, decisions: Sequence[Decision]) -> dict[str, int]:
        """The training MACs of every candidate that a search scored."""
        scored = {option.key for decision in decisions for option in decision.options if option.key}
        spent = {row["candidate"]: row["training_macs"] for row in candidates_of(self.study)}
        return {key: spent[key] for key in scored}

    def _price(self, decisions: Sequence[Decision]) -> float:
        """Training MACs for each MAC of a network, at the last network that was trained."""
        last = decisions[-1]
        assert last.key is not None
        spent = {row["candidate"]: row["training_macs"] for row in candidates_of(self.study)}
        family = prepare(self.request, self.document, self.stream).problem.family
        return float(spent[last.key] / family.exact(last.design.settings, (Quantity(MACS),)).values[MACS])


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
        best = best_of(scored)
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
            exact = problem.family.exact(design.settings, (Quantity(MACS),))
            left -= self.price * exact.values[MACS]
            if left < 0 and found:
                break
            deepest = max(deepest, steps)
            found[design.network] = Considered(f"random {number + 1}", design=design)
        return list(found.values()), deepest


def walk(problem: Problem, random: np.random.Generator) -> tuple[Design, int]:
    """The end of a random walk to the budget, and how many steps it took."""
    design, bound = problem.first, problem.budget.bound
    for step in range(MOST_STEPS):
        cost = problem.cost(design)
        if cost >= NEAR * bound:
            return design, step
        target = cost * problem.factor
        aim = Aim(problem.budget.quantity, cost, min(target, bound), at_most=bool(target >= bound))
        limits = (*problem.limits, problem.budget)
        standing = [option.design for option in options_of(problem, design, aim, limits) if option.stands]
        if not standing:
            return design, step
        chosen = standing[int(random.integers(len(standing)))]
        assert chosen is not None
        design = chosen
    return design, MOST_STEPS


def summary(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """One row for each method over its seeds, the best first."""
    methods = dict.fromkeys(trial.method for trial in trials)
    rows = [_row(method, [trial for trial in trials if trial.method == method]) for method in methods]
    return sorted(rows, key=lambda row: -row["score"])


def _row(method: str, trials: Sequence[Trial]) -> dict[str, Any]:
    scores = [trial.score for trial in trials]
    return {
        "method": method,
        "score": fmean(scores),
        "deviation": pstdev(scores),
        "least": min(scores),
        "most": max(scores),
        "seeds": len(scores),
        "cost": fmean(float(trial.cost) for trial in trials),
        "training_macs": fmean(trial.training_macs for trial in trials),
        "candidates": fmean(trial.candidates for trial in trials),
    }
