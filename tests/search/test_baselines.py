from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from costmodel.spec import document
from search.baselines import RandomSearch, Trial, summary, walk
from search.family import Design
from search.prepare import Request, prepare
from search.steps import Judged, Problem


def problem() -> Problem:
    return prepare(Request(budget="macs_per_clip<=16x", score="entropy"), document("digits"), None).problem


def cost(design: Design) -> int:
    return design.values["macs_per_clip"]


def judge(designs: Sequence[Design], step: int) -> list[Judged]:
    """Scores a network by its width."""
    return [Judged(design.network, float(Fraction(design.settings["gamma_w"]))) for design in designs]


def test_a_random_walk_ends_just_below_the_budget():
    given = problem()
    ends = [walk(given, np.random.default_rng(seed)) for seed in range(8)]
    shares = [float(cost(design) / given.budget.bound) for design, _ in ends]
    assert all(share <= 1 for share in shares)
    assert sum(share > 0.9 for share in shares) >= 6
    assert len({design.network for design, _ in ends}) > 4


def test_random_search_trains_for_as_long_as_it_may_and_keeps_the_best():
    given = problem()
    allowed = 10 * 16 * cost(given.first)
    (decision,) = RandomSearch(1.0, allowed, 0)(given, judge)
    spent = sum(cost(option.design) for option in decision.options)
    assert 0.85 * allowed < spent <= allowed
    assert decision.score == max(option.score for option in decision.options)
    assert decision.options == next(RandomSearch(1.0, allowed, 0)(given, judge)).options


def test_random_search_tries_one_network_at_least():
    (decision,) = RandomSearch(1.0, 1, 0)(problem(), judge)
    assert len(decision.options) == 1


def test_the_summary_gives_mean_and_spread_over_seeds_best_first():
    trials = [
        Trial("expansion", 0, 0.5, 10, 100, 4),
        Trial("expansion", 1, 0.7, 10, 100, 4),
        Trial("random", 0, 0.8, 10, 90, 2),
    ]
    best, second = summary(trials)
    assert (best["method"], best["score"], best["deviation"]) == ("random", 0.8, 0)
    assert second["score"] == pytest.approx(0.6)
    assert second["deviation"] == pytest.approx(0.1)
    assert (second["least"], second["most"], second["seeds"]) == (0.5, 0.7, 2)
