"""How candidates are scored: under several seeds, once where scores are exact, again after deaths."""

from dataclasses import replace
from math import sqrt
from pathlib import Path

import pytest
from expansions import run

from costmodel.errors import OptionError
from costmodel.network import Network
from search.engine.local import Outcome
from search.methods.run import Judging
from search.methods.run import run as search
from search.problem.request import Request, prepare
from search.score.base import Result, Task
from search.study.history import candidates_of, decisions_of
from search.study.spec_text import spec_facts
from search.study.study import open_study


class BySeed:
    """A score that the seed decides, with a standard error."""

    name, in_worker = "by seed", False

    def recipe_at(self, step: int) -> dict[str, int]:
        return {}

    def __call__(self, task: Task) -> Result:
        return Result(float(len(task.graph.nodes) + task.seed), measured={"error": 0.25})


def test_each_candidate_is_scored_under_every_seed_and_resumes_to_the_same(tiny: Path, tmp_path: Path):
    source = Network.of(tiny)
    ready = replace(prepare(Request(budget="macs_per_clip<=4x"), source), score=BySeed())
    found = []
    for _ in range(2):
        with open_study(tmp_path / "s.db", spec_facts(source.document)) as study:
            judging = Judging(ready.problem, ready.score, 5, study, None, 0, lambda text: None, repeat=3)
            found.append(list(search(ready.problem, ready.steps, judging, ready.options)))
            assert {row["seed"] for row in candidates_of(study)} == {5, 6, 7}
            assert decisions_of(study)[0]["error"] == pytest.approx(1 / sqrt(3))  # of 5, 6 and 7
    first, again = ([each for each, _ in decisions] for decisions in found)
    assert first == again
    assert all(known for _, known in found[1])
    assert first[0].score == first[0].options[0].score == 6 + len(source.graph().nodes)


class Killing:
    """An engine whose first workers are killed, beside others or alone, and whose later ones are not."""

    def __init__(self, deaths: list[bool]) -> None:
        self.deaths, self.tasks = deaths, []

    def submit(self, task: Task) -> None:
        self.tasks.append(task)

    def next_outcome(self) -> Outcome:
        task = self.tasks.pop()
        if self.deaths:
            return Outcome(task.key, None, "killed", is_crowded=self.deaths.pop(0))
        return Outcome(task.key, Result(1.0))

    def free(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("deaths", "scores"), [([True], {1.0}), ([True, True, True], {1.0}), ([False], {None})]
)
def test_no_candidate_is_left_out_for_deaths_beside_others(tiny: Path, tmp_path: Path, deaths, scores):
    source = Network.of(tiny)
    ready = prepare(Request(budget="macs_per_clip<=4x"), source)
    score = BySeed()
    score.in_worker = True
    with open_study(tmp_path / "s.db", spec_facts(source.document)) as study:
        judging = Judging(ready.problem, score, 0, study, Killing(deaths), 0, lambda text: None)
        assert {each.score for each in judging([ready.problem.first], 0)} == scores


def test_exact_scores_are_not_repeated(tiny: Path):
    with pytest.raises(OptionError) as error:
        run(tiny, budget="macs_per_clip<=4x", repeat=2)
    expected = "--repeat: entropy is the same under every seed; it is for scores that train"
    assert str(error.value) == expected


def test_a_candidate_is_told_by_what_it_changes(tiny: Path, tmp_path: Path):
    source = Network.of(tiny)
    ready = prepare(Request(budget="macs_per_clip<=2x", axes=["Space", "Depth"]), source)
    score, told = BySeed(), list[str]()
    score.in_worker = True
    with open_study(tmp_path / "s.db", spec_facts(source.document)) as study:
        judging = Judging(ready.problem, score, 0, study, Killing([]), 0, told.append)
        list(search(ready.problem, ready.steps, judging, ready.options))
    found = [line.partition(", ")[2] for line in told if "->" in line]
    assert [line.split(":")[0] for line in found] == ["depth 1 -> 2", "crop 16 -> 22"]
    assert [line for line in told if "of this step" in line] == [
        "  1 of 2 candidates of this step, about 0 s left"
    ]
