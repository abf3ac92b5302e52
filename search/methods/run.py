"""Runs a search: takes its steps, scores candidates here or in workers, and keeps all of it in the study."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from time import monotonic

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.numbers import Exact, exact
from search.engine.base import Engine, Outcome, attempt
from search.methods.prefetch import Steps, foreseen
from search.problem.designs import Design
from search.problem.steps import Decision, Judged, Problem
from search.score.base import Expression, Result, Score, Task
from search.study.address import exact_json, result_key
from search.study.store import StudyError
from search.study.study import Entry, Stored, Study, decision_row, error_in
from search.study.weights import KeptWeights

Listener = Callable[[str], None]


@dataclass
class Judging:
    """Scores designs: looks them up in the study, or runs them here or in workers.

    A candidate that fails is tried again up to `retries` times, then left out with its reason; but never
    because a worker was killed while others ran, which may have taken its memory. What was scored here is
    kept in `fresh` until its decision is written. `running` are the candidates in workers. A worker that
    would wait for a step's last candidate begins with what `steps` will most likely ask for next.
    Each candidate is scored under `repeat` seeds, from `seed` on; its score is their mean.
    `weights` keeps what was trained; None where nothing is kept. `present` is the network that a step moves.
    """

    problem: Problem
    score: Score
    seed: int
    study: Study
    engine: Engine | None
    retries: int
    listen: Listener
    fresh: list[tuple[Entry, Outcome]] = field(default_factory=list)
    known: dict[str, Stored] = field(default_factory=dict)
    running: dict[str, Entry] = field(default_factory=dict)
    steps: Steps | None = None
    repeat: int = 1
    weights: KeptWeights | None = None
    again: set[str] = field(default_factory=set)
    tasks: dict[str, Task] = field(default_factory=dict)
    present: Design | None = None

    def __call__(self, designs: Sequence[Design], step: int) -> list[Judged]:
        """The score of each design at a step, or why it has none."""
        found = self._settled([entry for design in designs for entry in self._entries(design, step)])
        return [together(found[first : first + self.repeat]) for first in range(0, len(found), self.repeat)]

    def under(self, seeds: Sequence[int], design: Design, step: int) -> list[Judged]:
        """The score of one design under each of several seeds."""
        return self._settled([self._entry(design, step, seed) for seed in seeds])

    def ahead(self, designs: Iterable[tuple[Design, int]]) -> None:
        """Scores designs that several searches will ask for, together, so that no worker idles."""
        self._settled([self._entry(design, step, self.seed) for design, step in designs])

    def beside(self, asked: Iterable[tuple[Problem, Design]], seeds: Sequence[int]) -> None:
        """Scores designs of several problems under several seeds, together, as of their first steps."""
        wanted = []
        for problem, design in asked:
            for seed in seeds:
                wanted.append(entry := self._entry(design, 0, seed))
                self.tasks[_key(entry)] = self._task_of(problem, _key(entry), entry)
        self._settled(wanted)

    def _entries(self, design: Design, step: int) -> list[Entry]:
        return [self._entry(design, step, self.seed + number) for number in range(self.repeat)]

    def _entry(self, design: Design, step: int, seed: int) -> Entry:
        return Entry(design, self.score.name, self.score.recipe_at(step), seed)

    def _settled(self, wanted: Sequence[Entry]) -> list[Judged]:
        entries = {_key(each): each for each in wanted}
        missing = {key: entry for key, entry in entries.items() if not self._is_known(key)}
        if self.score.in_worker:
            self._run(missing)
        else:
            for key, entry in missing.items():
                self._here(key, entry)
        return [self._judged(key) for key in entries]

    def _is_known(self, key: str) -> bool:
        if key not in self.known and (stored := self.study.result(key)) is not None:
            self.known[key] = stored
        return key in self.known

    def _here(self, key: str, entry: Entry) -> None:
        outcome = self._scored_here(key, entry)
        self.known[key] = _stored(outcome)
        self.fresh.append((entry, outcome))

    def _scored_here(self, key: str, entry: Entry) -> Outcome:
        if isinstance(self.score, Expression):
            known = entry.design.values.get(self.score.name)
            # Worked out with the design already, many at a time.
            if known is not None and math.isfinite(known):
                return Outcome(key, Result(float(known)))
        task = self._task(key, entry)
        del self.tasks[key]
        return attempt(self.score, task)

    def _task(self, key: str, entry: Entry) -> Task:
        """What a worker is given; kept for a step, since what may come next is looked at again and again."""
        if key not in self.tasks:
            self.tasks[key] = self._task_of(self.problem, key, entry)
        return self.tasks[key]

    def _task_of(self, problem: Problem, key: str, entry: Entry) -> Task:
        return Task(key, problem.network_of(entry.design), self.score.name, entry.recipe, entry.seed)

    def _run(self, missing: Mapping[str, Entry]) -> None:
        """Runs candidates in workers until all of these have ended."""
        assert self.engine is not None
        needed = missing.keys() | self.running.keys()
        self.tasks = {key: task for key, task in self.tasks.items() if key in needed}
        tasks = [self._task(key, entry) for key, entry in missing.items() if key not in self.running]
        # those that were begun ahead run already, and are only waited for
        self.running.update(missing)
        # the shortest end last: no worker waits for long
        todo = sorted(tasks, key=_macs, reverse=True)
        # found before the first is begun, while the workers' process loads, so that all of them begin at once
        for task in (*todo, *self._ahead(self.engine.free() - len(todo))):
            self.engine.submit(task)
        begun = monotonic()
        while not missing.keys().isdisjoint(self.running):
            # one by one: none is begun that would wait for memory
            while found := self._ahead(min(self.engine.free(), 1)):
                self.engine.submit(*found)
            self._take(self.engine, self.engine.next_outcome())
            if waits := len(missing.keys() & self.running.keys()):
                self.listen(left(len(missing) - waits, len(missing), monotonic() - begun))

    def _take(self, engine: Engine, outcome: Outcome) -> None:
        """Writes an attempt, the weights before the result; one that failed is tried again."""
        if self.weights is not None and outcome.result is not None:
            self.weights.write(outcome.key, outcome.result.weights)
        if outcome.key in self.again:
            # trained for its weights alone: its result is in the study, and a second one would be another row
            self.again.discard(outcome.key)
            return
        entry = self.running[outcome.key]
        tried = self.study.attempts(outcome.key) + 1
        # a worker killed for memory while others ran says nothing about the candidate
        is_spent = tried > self.retries and not outcome.is_crowded
        final = outcome.result is not None or outcome.repeats or is_spent
        self.study.write_attempt(entry, outcome, final=final)
        self.listen(_told(outcome, tried, final, changed(self.present, entry.design)))
        if final:
            self.known[outcome.key] = _stored(outcome)
            del self.running[outcome.key]
        else:
            engine.submit(self._task(outcome.key, entry))

    def keep_weights(self, decision: Decision) -> None:
        """Makes sure that the chosen candidate's weights are kept; trains it again if they were removed."""
        key = decision.key
        if self.weights is None or key is None or not self.weights.lacks(key):
            return
        if self.engine is None or getattr(self.score, "classes", None) is None:  # nothing was trained
            return
        recipe, seed = self.study.asked_of(key)
        self.listen(f"  candidate {key[:8]}: trained once more, for its weights were not kept")
        network = self.problem.network_of(decision.design)
        self.again.add(key)
        self.engine.submit(Task(key, network, self.score.name, recipe, seed))
        while key in self.again:
            self._take(self.engine, self.engine.next_outcome())

    def drop_weights(self, decision: Decision) -> None:
        """Removes the weights of options that no decision of the study has chosen."""
        if self.weights is not None:
            options = {option.key for option in decision.options if option.key is not None}
            self.weights.drop(options - self.study.decided())

    def _ahead(self, workers: int) -> list[Task]:
        """For idle workers the dearest candidates likely to be asked for next; from now on they run."""
        found: list[Task] = []
        # one at a time: each that is begun changes what the search would ask for next
        while self.steps is not None and len(found) < workers:
            designs, step = foreseen(self.problem, self.steps, self._seen)
            if not designs:
                break
            entries = [
                entry
                for design in designs
                for entry in self._entries(design, step)
                if not self._is_known(_key(entry)) and _key(entry) not in self.running
            ]
            tasks = [self._task(_key(entry), entry) for entry in entries]
            found.append(max(tasks, key=_macs))
            self.running[found[-1].key] = entries[tasks.index(found[-1])]
        return found

    def _seen(self, designs: Sequence[Design], step: int) -> list[Judged | None]:
        return [self._seen_one([_key(entry) for entry in self._entries(design, step)]) for design in designs]

    def _seen_one(self, keys: Sequence[str]) -> Judged | None:
        unknown = [key for key in keys if not self._is_known(key)]
        if not unknown:
            return together([self._judged(key) for key in keys])
        # neither score nor failure: it runs
        return Judged(keys[0], None) if all(key in self.running for key in unknown) else None

    def _judged(self, key: str) -> Judged:
        known = self.known[key]
        return Judged(key, known.score, known.reason, known.error)


def together(found: Sequence[Judged]) -> Judged:
    """The mean score of a candidate over several seeds; a failure where it failed under one.

    Its error is the larger of the validation set's and of that over the seeds, s / sqrt(N).
    """
    failed = next((each for each in found if each.score is None), None)
    if failed is not None or len(found) == 1:
        return failed or found[0]
    scores = [each.score or 0.0 for each in found]
    over_seeds = stdev(scores) / math.sqrt(len(scores))
    return Judged(found[0].key, fmean(scores), error=max(over_seeds, fmean(each.error for each in found)))


def _key(entry: Entry) -> str:
    return result_key(entry.design.network, entry.score, entry.recipe, entry.seed)


def _macs(task: Task) -> Exact:
    return exact(evaluate(Figures(task.graph), "macs_per_clip"))


def _stored(outcome: Outcome) -> Stored:
    result = outcome.result
    if result is None:
        return Stored(None, outcome.reason)
    return Stored(result.score, outcome.reason, error_in(result.measured))


def left(done: int, of: int, seconds: float) -> str:
    """How far a step is, and the time that its other candidates will take if they take as long."""
    remaining = f", about {seconds / done * (of - done):.0f} s left" if done else ""
    return f"  {done} of {of} candidates of this step{remaining}"


def changed(present: Design | None, design: Design) -> str:
    """What a candidate changes of the network that a step moves, in words: `gamma_d 1 -> 2.2`."""
    if present is None:
        return ""
    before, after = present.settings, design.settings
    moved = [
        f"{name} {float(exact(before[name])):.6g} -> {float(exact(value)):.6g}"
        for name, value in after.items()
        if name in before and value != before[name]
    ]
    if design.transforms != present.transforms:
        moved.append(" ".join(each.flags for each in design.transforms) or "clip")
    return ", ".join(moved)


def _told(outcome: Outcome, tried: int, final: bool, change: str) -> str:
    named = f"{outcome.key[:8]}, {change}" if change else outcome.key[:8]
    if outcome.result is not None:
        return f"  candidate {named}: {outcome.result.score:.6g} in {outcome.seconds:.1f} s"
    again = "left out" if final else "tried again"
    return f"  candidate {named}: attempt {tried} failed ({outcome.reason}); {again}"


def run(
    problem: Problem, steps: Steps, judging: Judging, options: Mapping[str, object]
) -> Iterator[tuple[Decision, bool]]:
    """The decisions of a search, each written before it is given, and whether it was known already.

    Raises:
        StudyError: the study holds another decision at a step, made by another version.
    """
    study, judging.steps = judging.study, steps
    search = study.search(search_address(options), options)
    # Without search and place before, and the time of writing behind: all that decides.
    stored = [tuple(row)[2:-1] for row in study.decisions(search)]
    last: Decision | None = None
    for place, decision in enumerate(steps(problem, judging)):
        known = place < len(stored)
        if known and stored[place] != decision_row(decision):
            raise StudyError(
                f"{study.path}: step {decision.step} was decided otherwise, by another version of this tool "
                "or of its libraries; start a new study"
            )
        if not known:
            judging.keep_weights(decision)
            # Before it is given on: whoever is told of a decision finds it in the study.
            study.write_step(search, place, decision, judging.fresh)
            judging.fresh.clear()
            judging.drop_weights(decision)
        if decision.kind != "aside":
            judging.present = decision.design
        yield decision, known
        last = decision
    if judging.weights is not None and last is not None:
        judging.keep_weights(last)
        # here too, not at decisions alone: a killed run may have left files behind
        judging.weights.tidy(study.decided())
    study.finish(search)


def search_address(options: Mapping[str, object]) -> str:
    """The address of a search: the same options resume it."""
    return hashlib.sha256(exact_json(options).encode()).hexdigest()
