"""Forward expansion: steps that double the cost, and the contraction to the budget."""

from itertools import pairwise
from pathlib import Path

from expansions import judge, run

from costmodel.network import Network
from search.problem.request import Request, prepare
from search.problem.steps import Judged


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


def test_the_contraction_tries_each_axis(tiny: Path):
    _, decisions = run(tiny, budget="macs_per_clip<=3x")
    last = decisions[-1]
    assert {option.axis for option in last.options} == {"Time", "Space", "Depth", "Width"}
    assert sum(option.stands for option in last.options) >= 3


def test_the_contraction_of_the_paper_tries_the_last_axis_alone(tiny: Path):
    ready = prepare(Request(budget="macs_per_clip<=3x", meet="last"), Network.of(tiny))
    *_, before, last = ready.steps(ready.problem, judge)
    assert {option.axis for option in last.options} == {before.axis}


def test_a_budget_that_no_formula_gives_is_met(tiny: Path):
    ready = prepare(Request(budget="activation_bytes<=3x"), Network.of(tiny))
    *_, last = ready.steps(ready.problem, judge)
    (design,) = ready.problem.designs([last.design.settings])
    assert design.values["activation_bytes"] == last.cost <= ready.problem.budget.bound


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
