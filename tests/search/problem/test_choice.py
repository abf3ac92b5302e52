"""Which option a step takes, on scores with and without a standard error."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from search.methods.run import together
from search.problem.choice import best_of, equal_to_best, if_worse, why_best
from search.problem.steps import Considered, Decision, Judged, Problem
from search.train.metrics import standard_error

PROBLEM = cast(Problem, SimpleNamespace(cost=lambda design: design.cost))


def option(axis: str, score: float | None, cost: int, error: float = 0.0, reason: str = "") -> Considered:
    design: Any = SimpleNamespace(cost=cost)
    return Considered(axis, design=design, score=score, error=error, reason=reason)


def test_exact_scores_are_decided_by_the_largest_and_then_by_the_cheapest():
    options = [option("a", 1.0, 5), option("b", 2.0, 9), option("c", 2.0, 7), option("d", 1.99, 1)]
    chosen = best_of(PROBLEM, options)
    assert chosen is options[2]
    assert why_best(chosen, options) == "score 2, equal to b 2: the cheapest wins"


def test_scores_within_the_standard_error_are_equal_and_the_cheapest_wins():
    error = standard_error(0.8, 100)
    assert error == pytest.approx(0.04)
    options = [option("a", 0.8, 9, error), option("b", 0.77, 7, error), option("c", 0.75, 1, error)]
    chosen = best_of(PROBLEM, options)
    assert chosen is options[1]
    assert equal_to_best(options) == options[:2]
    assert why_best(chosen, options) == "score 0.77, equal within 0.04 to a 0.8: the cheapest wins"
    assert best_of(PROBLEM, [*options, option("d", 0.9, 20, 0.03)]) is not chosen


def test_of_equal_scores_at_one_cost_the_larger_counts():
    options = [option("a", 0.8, 5, 0.1), option("b", 0.85, 5, 0.1)]
    assert best_of(PROBLEM, options) is options[1]


def test_an_option_without_a_score_is_never_chosen():
    assert best_of(PROBLEM, [option("a", None, 1, reason="failed")]) is None
    only = option("b", 0.1, 1)
    assert best_of(PROBLEM, [option("a", None, 1, reason="failed"), only]) is only


def test_a_decision_worse_than_an_earlier_one_says_so():
    design: Any = SimpleNamespace(cost=1)
    start, last = (Decision(0, "start", None, design, 1, score, reason="why") for score in (0.5, 0.4))
    assert if_worse(last, start, "the start").reason == "why; worse than the start, which scores 0.5"
    assert if_worse(start, last, "the start") is start


def test_several_seeds_score_their_mean_with_the_larger_error():
    found = together([Judged("a", 0.6, error=0.01), Judged("b", 0.8, error=0.01)])
    assert (found.key, found.score) == ("a", pytest.approx(0.7))
    assert found.error == pytest.approx(0.1)  # s / sqrt(2), s = 0.1414
    same = together([Judged("a", 0.6, error=0.02), Judged("b", 0.6, error=0.02)])
    assert same.error == pytest.approx(0.02)
    assert together([Judged("a", 0.6), Judged("b", None, "no")]).failure == "no"
