"""Networks drawn at random: walks end below the budget, and train for as long as they may."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from costmodel.network import Network
from search.problem.designs import Design
from search.problem.request import Request, prepare
from search.problem.steps import Judged, Problem
from search.trials.rivals import RandomSearch, walk


def problem() -> Problem:
    return prepare(Request(budget="macs_per_clip<=16x", score="entropy"), Network.of("digits")).problem


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
