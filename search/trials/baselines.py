"""What a search must beat at the same training cost and final budget: one axis alone, and random search.

All may train for as many multiply-adds as the expansion did, and answer with the best score that these buy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from statistics import fmean, pstdev
from typing import TypedDict

from costmodel.analysis.quantities import Quantity
from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.spec.resolved import exact_text
from search.engine.base import Engine
from search.methods.run import Judging, run
from search.problem.designs import Design
from search.problem.request import Prepared, Request, prepare
from search.problem.steps import Decision, Judged
from search.study.history import candidates_of
from search.study.study import Entry, Study
from search.trials.rivals import MACS, Again, RandomSearch

TWO_BEST = 2
SEEDS_APART = 10_000  # between the further seeds of two searches


@dataclass(frozen=True)
class Trial:
    """The result of one search, and the training that it took.

    Args:
        method: `expansion`, `random`, or the name of the one axis that moved.
        seed: of the search and its training.
        score: the best that the network it ended with got.
        fresh: the mean of that network's scores under seeds that chose nothing; None where there are none.
        cost: of that network, in the budget's unit.
        training_macs: multiply-adds of all that it trained to choose, the fresh seeds not counted.
        trainings: how many they were.
        sizes: the sizes of that network that the search moved.
    """

    method: str
    seed: int
    score: float
    fresh: float | None
    cost: float
    training_macs: int
    trainings: int
    sizes: str


@dataclass(frozen=True)
class Ended:
    """A finished search: its setup, its decisions, and the candidates whose training counts as its own."""

    ready: Prepared
    decisions: tuple[Decision, ...]
    paid: frozenset[str]

    @property
    def last(self) -> Decision:
        """The decision that it ended with."""
        return self.decisions[-1]


@dataclass
class Comparison:
    """Compares searches with each other in one study, where no candidate is trained twice.

    Args:
        network: the spec, and the form of its networks.
        request: the expansion.
        study: where all is kept.
        engine: where candidates run.
        retries: how often a failed candidate is tried again.
        listen: is told how it goes.
        fresh: under how many seeds that chose nothing each final network is trained anew.
        running: candidates in workers, whichever search asked for them.
    """

    network: Network
    request: Request
    study: Study
    engine: Engine | None
    retries: int
    listen: Callable[[str], None]
    fresh: int = 2
    running: dict[str, Entry] = field(default_factory=dict)

    def trials(self, seeds: Sequence[int]) -> Iterator[Trial]:
        """For each seed the expansion, single axes, and random search at the expansion's training cost.

        Under the first seed each axis runs alone, and the two best ones go on to the same training cost: they
        train their final network under further seeds and keep the best. Those two run under every seed.
        """
        axes = [axis.name for axis in prepare(self.request, self.network).problem.axes]
        best = axes
        for seed in seeds:
            request = replace(self.request, seed=seed)
            whole = self._run(prepare(request, self.network), seed)
            # the expansion sets the price: the others may train for as many multiply-adds, known only now
            allowed = self._price(whole)
            yield self._trial("expansion", seed, whole)
            ended = self._each_alone(best, request)
            # chosen under the first seed, and all later ones run those two alone: a whole comparison is dear
            best = sorted(ended, key=lambda axis: -_score(ended[axis]))[:TWO_BEST]
            for axis in ended:
                found = self._again(ended[axis], seed, allowed) if axis in best else ended[axis]
                yield self._trial(axis, seed, found)
            walks = RandomSearch(self._price_of_a_mac(whole), allowed, seed)
            options = {**whole.ready.options, "mode": "random", "training_macs": allowed}
            found = self._run(replace(whole.ready, steps=walks, options=options), seed)
            yield self._trial("random", seed, found)

    def _each_alone(self, axes: Sequence[str], request: Request) -> dict[str, Ended]:
        """Each axis by itself; what they will train is known before, and trained all at once."""
        found: dict[str, Prepared] = {}
        for axis in axes:
            try:
                found[axis] = prepare(replace(request, axes=(axis,)), self.network)
            except OptionError as error:  # the axis cannot move by itself
                self.listen(f"{axis} alone: {error}")
        # one judge is enough: candidates are known by their network, not by the axis that asks for them
        for ready in list(found.values())[:1]:
            self.listen(f"seed {request.seed}: trains along {', '.join(found)}, each alone")
            steps = (pair for each in found.values() for pair in path_of(each))
            self._judging(ready, request.seed).ahead(steps)
        return {axis: self._run(ready, request.seed) for axis, ready in found.items()}

    def _again(self, ended: Ended, seed: int, allowed: int) -> Ended:
        """The final network under further seeds, for the multiply-adds that are left; the best one counts."""
        # whole trainings alone: the rest of the price buys none
        left = allowed - self._price(ended)
        number = int(left // self._training_macs()[_key(ended.last)])
        if number < 1:
            return ended
        again = Again(ended.last.design, ended.last.step, further_seeds(seed, self.fresh, number))
        options = {**ended.ready.options, "mode": "again", "design": dict(ended.last.design.settings)}
        options |= {"seeds": list(again.seeds)}
        tried = self._run(replace(ended.ready, steps=again, options=options), seed)
        best = max(ended, tried, key=_score)
        return replace(best, paid=ended.paid | tried.paid)

    def _run(self, ready: Prepared, seed: int) -> Ended:
        axes = ", ".join(axis.name for axis in ready.problem.axes)
        self.listen(f"seed {seed}: {ready.options['mode']} along {axes}")
        judging = self._judging(ready, seed)
        decisions = tuple(decision for decision, _ in run(ready.problem, ready.steps, judging, ready.options))
        scored = (option.key for decision in decisions for option in decision.options if option.key)
        return Ended(ready, decisions, frozenset(scored))

    def _judging(self, ready: Prepared, seed: int) -> Judging:
        scoring = ready.problem, ready.score, seed, self.study, self.engine, self.retries, self.listen
        return Judging(*scoring, running=self.running)

    def _trial(self, method: str, seed: int, ended: Ended) -> Trial:
        last, fresh = ended.last, None
        if self.fresh:
            judging = self._judging(ended.ready, seed)
            anew = judging.under(further_seeds(seed, 0, self.fresh), last.design, last.step)
            fresh = fmean([each.score for each in anew if each.score is not None] or [nan])
        sizes = ", ".join(
            f"{name} {exact_text(value)}"
            for name, value in last.design.settings.items()
            if value != ended.ready.problem.start[name]
        )
        return Trial(
            method, seed, _score(ended), fresh, last.cost, self._price(ended), len(ended.paid), sizes
        )

    def _price(self, ended: Ended) -> int:
        spent = self._training_macs()
        # also what an earlier search had trained already: else the order of searches would set their price
        return sum(spent[key] for key in ended.paid)

    def _price_of_a_mac(self, ended: Ended) -> float:
        """Training MACs for each MAC of a network, at the last network that was trained."""
        last = ended.last
        family = ended.ready.problem.form_of(last.design).family
        exact = family.exact(last.design.settings, (Quantity(MACS),))
        return float(self._training_macs()[_key(last)] / exact.values[MACS])

    def _training_macs(self) -> dict[str, int]:
        return {row["candidate"]: row["training_macs"] for row in candidates_of(self.study)}


def path_of(ready: Prepared) -> list[tuple[Design, int]]:
    """The networks that a search along one axis will score, and at which step; no score decides them."""
    asked: list[tuple[Design, int]] = []

    def judge(designs: Sequence[Design], step: int) -> list[Judged]:
        asked.extend((design, step) for design in designs)
        return [Judged(design.network, float(step)) for design in designs]

    # any score will do: along one axis there is one network a step, and the later one scores higher here
    list(ready.steps(ready.problem, judge))
    return asked


def further_seeds(seed: int, skip: int, number: int) -> tuple[int, ...]:
    """`number` seeds that no search has; the first `skip` ones are kept for others."""
    first = SEEDS_APART * (seed + 1) + skip
    return tuple(range(first, first + number))


def _score(ended: Ended) -> float:
    assert ended.last.score is not None
    return ended.last.score


def _key(decision: Decision) -> str:
    assert decision.key is not None
    return decision.key


class Summary(TypedDict):
    """One method over its seeds: means of its trials, and how far they lie apart."""

    method: str
    score: float
    deviation: float
    least: float
    most: float
    fresh: float | None
    fresh_deviation: float | None
    seeds: int
    cost: float
    training_macs: float
    trainings: float


def summary(trials: Sequence[Trial]) -> list[Summary]:
    """One row for each method over its seeds, the best first."""
    methods = dict.fromkeys(trial.method for trial in trials)
    rows = [_row(method, [trial for trial in trials if trial.method == method]) for method in methods]
    return sorted(rows, key=lambda row: -row["score"])


def _row(method: str, trials: Sequence[Trial]) -> Summary:
    scores = [trial.score for trial in trials]
    fresh = [trial.fresh for trial in trials if trial.fresh is not None]
    return {
        "method": method,
        "score": fmean(scores),
        "deviation": pstdev(scores),
        "least": min(scores),
        "most": max(scores),
        "fresh": fmean(fresh) if fresh else None,
        "fresh_deviation": pstdev(fresh) if fresh else None,
        "seeds": len(scores),
        "cost": fmean(float(trial.cost) for trial in trials),
        "training_macs": fmean(trial.training_macs for trial in trials),
        "trainings": fmean(trial.trainings for trial in trials),
    }
