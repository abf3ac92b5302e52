"""Workers that would wait begin with what a search will ask for; what it decides stays the same."""

from pathlib import Path

import pytest

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.network import Network
from costmodel.spec import document
from search.engine.base import Outcome
from search.methods.prefetch import foreseen
from search.methods.run import Judging, run
from search.problem.request import Prepared, Request, prepare
from search.problem.steps import Judged
from search.score.base import Result, Task
from search.study.history import candidates_of
from search.study.spec_text import spec_facts
from search.study.study import open_study


def prepared(tiny: Path) -> Prepared:
    return prepare(Request(budget="macs_per_clip<=8x", score="entropy"), Network.of(tiny))


class Workers:
    """So many workers, of which the one that began first ends first; a score is the parameters."""

    def __init__(self, workers: int, worst_first: bool = False) -> None:
        self.workers, self.busy, self.most = workers, [], 0
        self.worst_first = worst_first

    def submit(self, task: Task) -> None:
        self.busy.append(task)
        self.most = max(self.most, min(len(self.busy), self.workers))

    def next_outcome(self) -> Outcome:
        running = self.busy[: self.workers]
        task = min(running, key=score_of) if self.worst_first else running[0]
        self.busy.remove(task)
        return Outcome(task.key, Result(score_of(task), 1), seconds=1)

    def free(self) -> int:
        return self.workers - len(self.busy)

    def close(self) -> None:
        """Nothing to end."""


def score_of(task: Task) -> float:
    return float(evaluate(Figures(task.graph), "params"))


def searched(tiny: Path, file: Path, engine: Workers):
    ready = prepared(tiny)
    ready.score.in_worker = True
    with open_study(file, spec_facts(document(str(tiny)))) as opened:
        judging = Judging(ready.problem, ready.score, 0, opened, engine, 0, lambda text: None)
        decisions = [each for each, _ in run(ready.problem, ready.steps, judging, ready.options)]
        return decisions, {row["candidate"] for row in candidates_of(opened)}


@pytest.mark.parametrize("worst_first", [False, True])
def test_the_number_of_workers_does_not_change_what_is_decided(tiny: Path, tmp_path: Path, worst_first: bool):
    alone, needed = searched(tiny, tmp_path / "one.db", Workers(1))
    engine = Workers(3, worst_first)
    together, trained = searched(tiny, tmp_path / "three.db", engine)
    assert together == alone
    assert trained >= needed
    assert engine.most == 3


def test_the_first_step_begins_while_the_start_still_runs(tiny: Path):
    ready = prepared(tiny)
    start = ready.problem.first

    def known(designs, step):
        return [Judged(each.network, None) if each.network == start.network else None for each in designs]

    designs, step = foreseen(ready.problem, ready.steps, known)
    assert step == 1
    assert len(designs) == 3


def test_nothing_is_begun_while_all_that_could_decide_still_runs(tiny: Path):
    ready = prepared(tiny)

    def known(designs, step):
        return [Judged(each.network, 1.0 if step == 0 else None) for each in designs]

    assert foreseen(ready.problem, ready.steps, known) == ([], 0)


def test_the_best_so_far_is_followed(tiny: Path):
    ready = prepared(tiny)
    asked = []

    def known(designs, step):
        if step > 1:
            asked.extend(designs)
            return [None for _ in designs]
        return [
            Judged(each.network, None if place == 0 else 1.0 + place) for place, each in enumerate(designs)
        ]

    designs, step = foreseen(ready.problem, ready.steps, known)
    assert step == 2
    assert designs == asked
