"""How far a search is: steps from the start to the budget, and the time that they take."""

from fractions import Fraction

import pytest

from commands import trajectory
from commands.trajectory import Pace, printed, steps_in_all
from search.problem.steps import Decision


class Steps:
    """A problem whose start costs 1 and whose budget is 10."""

    factor = Fraction(2)
    first = None

    def __init__(self, bound: float = 10) -> None:
        self.budget = type("Budget", (), {"bound": bound})

    def cost(self, design: object) -> float:
        return 1.0

    def shown(self, cost: float) -> str:
        return f"{cost:g} MAC"


class Step:
    def __init__(self, step: int) -> None:
        self.step = step


@pytest.mark.parametrize(("bound", "steps"), [(10, 4), (8, 3), (Fraction(1, 8), 3), (0, 0)])
def test_steps_are_counted_to_the_budget(bound: float, steps: int):
    assert steps_in_all(Steps(bound)) == steps


def test_the_time_left_follows_the_steps_of_this_run(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(trajectory, "monotonic", lambda: now[0])
    pace = Pace(Steps())
    assert pace(Step(0), True) == ""  # known from an earlier run
    now[0] = 6.0
    assert pace(Step(1), False) == "  step 1 of about 4: 6 s, about 18 s left"
    now[0] = 8.0
    assert pace(Step(2), False) == "  step 2 of about 4: 8 s, about 8 s left"
    assert pace(Step(4), False) == ""


def test_a_file_of_steps_says_none():
    assert Pace(Steps(), is_replay=True)(Step(1), False) == ""


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("score 0.5, next X-Depth 0.25", "step 1: expand X-Fast, 2 MAC, score 0.5 +- 0.1, next X-Depth 0.25"),
        (
            "the only axis that stands",
            "step 1: expand X-Fast, 2 MAC, score 0.5 +- 0.1: the only axis that stands",
        ),
    ],
)
def test_a_decision_tells_its_score_once(reason: str, told: str):
    decision = Decision(1, "expand", design=None, cost=2, axis="X-Fast", score=0.5, error=0.1, reason=reason)
    assert printed(Steps(), decision, known=False) == told
