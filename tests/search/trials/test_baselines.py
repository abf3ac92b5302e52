from collections.abc import Sequence
from pathlib import Path

import pytest

from costmodel.network import Network
from costmodel.spec import document
from search.engine.base import Outcome, attempt
from search.problem.designs import Design
from search.problem.request import Request, prepare
from search.problem.steps import Judged
from search.score.base import Score, Task, score_named
from search.study.spec_text import spec_facts
from search.study.study import open_study
from search.trials.baselines import Comparison, Trial, further_seeds, path_of, summary


def test_the_summary_gives_mean_and_spread_over_seeds_best_first():
    trials = [
        Trial("expansion", 0, 0.5, 0.4, 10, 100, 4, "frames 4"),
        Trial("expansion", 1, 0.7, 0.6, 10, 100, 4, "frames 8"),
        Trial("random", 0, 0.8, None, 10, 90, 2, "frames 2"),
    ]
    best, second = summary(trials)
    assert (best["method"], best["score"], best["deviation"]) == ("random", 0.8, 0)
    assert second["score"] == pytest.approx(0.6)
    assert second["deviation"] == pytest.approx(0.1)
    assert second["fresh"] == pytest.approx(0.5)
    assert best["fresh"] is None
    assert (second["least"], second["most"], second["seeds"]) == (0.5, 0.7, 2)


TOY = """
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from search.score.base import Result

class Toy:
    name = "toy_score:Toy"
    in_worker = True
    def recipe_at(self, step):
        return {}
    def __call__(self, task):
        figures = Figures(task.graph)
        macs = int(evaluate(figures, "macs_per_clip"))
        return Result(float(evaluate(figures, "params")) + task.seed % 7, 100 * macs)
"""


class Here:
    """Runs candidates in this process."""

    def __init__(self, score: Score) -> None:
        self.score = score
        self.tasks: list[Task] = []
        self.ran: list[Task] = []

    def submit(self, task: Task) -> None:
        self.tasks.append(task)

    def next_outcome(self) -> Outcome:
        self.ran.append(self.tasks.pop())
        return attempt(self.score, self.ran[-1])

    def free(self) -> int:
        return 2 - len(self.tasks)

    def close(self) -> None:
        """Nothing to end."""


@pytest.fixture
def compared(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch):
    """Trials of two seeds, the trainings that they took, and those that a second run takes."""
    (tmp_path / "toy_score.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    spec = document(str(tiny))
    request = Request(budget="macs_per_clip<=8x", score="toy_score:Toy")
    runs = []
    for _ in range(2):
        engine = Here(score_named(request.score))
        with open_study(tmp_path / "study.db", spec_facts(spec)) as opened:
            comparison = Comparison(Network(spec), request, opened, engine, 0, lambda text: None, fresh=1)
            runs.append((list(comparison.trials([3, 4])), engine.ran))
    return runs


def test_all_methods_train_for_no_more_than_the_expansion(compared):
    (trials, _), _ = compared
    for seed in (3, 4):
        spent = {trial.method: trial.training_macs for trial in trials if trial.seed == seed}
        assert all(macs <= spent["expansion"] for macs in spent.values())
        topped = sorted(spent, key=lambda method: -spent[method])[1:4]
        assert all(spent[method] > 0.6 * spent["expansion"] for method in topped)
        assert "random" in topped


def test_every_axis_runs_once_and_the_two_best_under_every_seed(compared):
    (trials, _), _ = compared
    axes = {seed: {each.method for each in trials if each.seed == seed} for seed in (3, 4)}
    assert axes[3] == {"expansion", "random", "Time", "Space", "Depth"}  # Width cannot move by itself
    alone = {each.method: each.score for each in trials if each.seed == 3 and each.method in axes[3]}
    for method in ("expansion", "random"):
        del alone[method]
    assert axes[4] == {"expansion", "random", *sorted(alone, key=lambda axis: -alone[axis])[:2]}


def test_fresh_seeds_chose_nothing(compared):
    (trials, ran), _ = compared
    assert {task.seed for task in ran} >= {3, 4, *further_seeds(3, 0, 1), *further_seeds(4, 0, 1)}
    assert not set(further_seeds(3, 0, 1)) & set(further_seeds(3, 1, 50))
    assert all(trial.fresh is not None for trial in trials)


def test_a_comparison_goes_on_without_training_anything_again(compared):
    (first, _), (again, ran) = compared
    assert again == first
    assert not ran


def test_what_one_axis_will_train_is_known_before(tiny: Path):
    ready = prepare(Request(budget="macs_per_clip<=8x", score="entropy", axes=["Space"]), Network.of(tiny))
    asked = [(design.network, step) for design, step in path_of(ready)]
    seen: list[tuple[str, int]] = []

    def judge(designs: Sequence[Design], step: int) -> list[Judged]:
        seen.extend((design.network, step) for design in designs)
        return [Judged(design.network, -float(step)) for design in designs]

    list(ready.steps(ready.problem, judge))
    assert asked[: len(seen)] == seen
