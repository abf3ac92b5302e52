"""Expansion and contraction on small networks, and what refuses to begin."""

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from math import sqrt
from pathlib import Path

import pytest

from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.transforms.continual import Continual
from search.engine.local import Outcome
from search.methods.run import Judging
from search.methods.run import run as search
from search.problem.request import Request, prepare
from search.problem.steps import Judged
from search.score.base import Result, Task
from search.study.history import candidates_of, decisions_of
from search.study.spec_text import spec_facts
from search.study.study import open_study

ROOT = Path(__file__).resolve().parents[3]


def judge(designs, step):
    (name,) = {text for design in designs for text in design.values if text == "entropy"}
    return [Judged(design.network, design.values[name]) for design in designs]


def run(spec, stream=None, **options):
    ready = prepare(Request(**options), Network.of(spec, transforms=[] if stream is None else [stream]))
    return ready.problem, list(ready.steps(ready.problem, judge))


def test_each_step_doubles_the_cost_and_the_last_meets_the_budget(tiny: Path):
    problem, decisions = run(tiny, budget="macs_per_clip<=20x")
    expanded = [each for each in decisions if each.kind == "expand"]
    costs = [each.cost for each in (decisions[0], *expanded)]
    assert all(1.8 <= after / before <= 2.2 for before, after in pairwise(costs))
    assert decisions[-1].cost <= problem.budget.bound
    assert decisions[-1].kind in ("contract", "stop")


def test_each_step_takes_the_axis_of_the_best_score(tiny: Path):
    _, decisions = run(tiny, budget="macs_per_clip<=8x")
    for each in decisions[1:]:
        scores = [option.score for option in each.options if option.stands]
        if each.kind != "stop":
            assert each.score == max(scores)


def test_scores_within_their_error_are_no_reason_to_pay_more(tiny: Path):
    def noisy(designs, step):
        found = judge(designs, step)
        return [Judged(each.key, each.score, error=1e9) for each in found]

    ready = prepare(Request(budget="macs_per_clip<=8x"), Network.of(tiny))
    for each in ready.steps(ready.problem, noisy):
        costs = [ready.problem.cost(option.design) for option in each.options if option.stands]
        if each.kind == "expand":
            assert each.cost == min(costs)
            assert "equal within 1e+09 to" in each.reason


def test_a_winner_worse_than_the_start_is_said_to_be(tiny: Path):
    def falling(designs, step):
        return [Judged(design.network, 1.0 - step) for design in designs]

    ready = prepare(Request(budget="macs_per_clip<=4x"), Network.of(tiny))
    *path, last = ready.steps(ready.problem, falling)
    assert last.reason.endswith("; worse than the start, which scores 1")
    assert path[1].reason.endswith("; worse than the network before it, which scores 1")


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


def test_the_contraction_tries_each_axis(tiny: Path):
    _, decisions = run(tiny, budget="macs_per_clip<=3x")
    last = decisions[-1]
    assert {option.axis for option in last.options} == {"Time", "Space", "Depth", "Width"}
    assert sum(option.stands for option in last.options) >= 3


def test_a_candidate_outside_a_limit_is_never_scored(tiny: Path):
    seen = []

    def watching(designs, step):
        seen.extend(design.values["depth"] for design in designs)
        return judge(designs, step)

    ready = prepare(Request(budget="macs_per_clip<=20x", limits=["depth<=4"]), Network.of(tiny))
    decisions = list(ready.steps(ready.problem, watching))
    assert max(seen) <= 4
    left_out = [option.reason for each in decisions for option in each.options if option.axis == "Depth"]
    assert any("depth is" in reason and "outside depth<=4" in reason for reason in left_out)


def test_contraction_ends_when_every_limit_holds(tiny: Path):
    options = {"sets": ["frames=16", "crop=32", "depth=6"], "limits": ["state_bytes<=20kB"]}
    problem, decisions = run(tiny, Continual(), budget="macs_per_frame<=0.05x", contract=True, **options)
    final = decisions[-1].design.values
    assert decisions[-1].reason.startswith("every limit holds; worse than the start, which scores ")
    assert final["macs_per_frame"] <= problem.budget.bound
    assert final["state_bytes"] <= 20_000


def test_an_unknown_failure_leaves_the_candidate_out(tiny: Path):
    def failing(designs, step):
        deep = [design.values["macs_per_clip"] for design in designs]
        return [
            Judged(design.network, None, "boom")
            if step and cost == max(deep)
            else Judged(design.network, 1.0)
            for design, cost in zip(designs, deep, strict=True)
        ]

    ready = prepare(Request(budget="macs_per_clip<=4x"), Network.of(tiny))
    decisions = list(ready.steps(ready.problem, failing))
    reasons = [option.reason for each in decisions for option in each.options]
    assert "failed: boom" in reasons


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "--budget: is missing; expected METRIC<=AMOUNT"),
        ({"budget": "macs_per_clip<=10kMAC"}, "--budget macs_per_clip<=10kMAC: the start costs "),
        (
            {"budget": "macs_per_clip<=8x", "limits": ["params<=10"]},
            "--limit: the start is outside: params is ",
        ),
        ({"budget": "macs_per_clip<=8x", "axes": ["Tme"]}, "--axes: unknown 'Tme' (did you mean 'Time'?)"),
        ({"budget": "macs<=8x"}, "--budget macs<=8x: unknown metric 'macs'"),
        ({"budget": "macs_per_clip<=8x", "factor": 1}, "--factor: 1, expected a number above 1"),
        (
            {"budget": "macs_per_clip<=8x", "score": "etropy"},
            "--score etropy: neither a score nor arithmetic",
        ),
        (
            {"budget": "macs_per_clip<=8x", "sets": ["frames=32"], "axes": ["Time"]},
            "no axis can move from the start: Time: frames stands at its bound of 32",
        ),
        (
            {"budget": "macs_per_clip<=8x", "limits": ["macs_per_clip<=1x"]},
            "no axis can move from the start: Time: macs_per_clip is",
        ),
    ],
)
def test_a_search_that_cannot_begin_says_why(tiny: Path, options, message: str):
    with pytest.raises(OptionError) as error:
        prepare(Request(**options), Network.of(tiny))
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def command(tmp_path: Path, *arguments: str):
    line = [sys.executable, str(ROOT / "cli.py"), *arguments]
    return subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)


def test_the_command_prints_the_trajectory_and_draws_it(tiny: Path, tmp_path: Path):
    done = command(tmp_path, "search", str(tiny), "--budget", "macs_per_clip<=4x", "--study", "s.db")
    assert done.returncode == 0, done.stderr
    assert "the winner: costmodel emit" in done.stdout
    assert "1 MAC = 2 FLOPs here" in done.stderr
    assert (tmp_path / "out" / "trajectory.png").stat().st_size > 10_000
    assert "<svg" in (tmp_path / "out" / "trajectory.svg").read_text()
