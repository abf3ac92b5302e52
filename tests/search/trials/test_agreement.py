"""Cheap scores are worked out anew for every trained network, and ranked beside it."""

from fractions import Fraction
from pathlib import Path

import pytest

from costmodel.errors import OptionError
from costmodel.spec import document
from search.methods.run import Judging, run
from search.problem.request import Request, prepare
from search.score.base import Task, score_named
from search.study.spec_text import spec_facts
from search.study.study import open_study, read_study
from search.trials.agreement import Ranked, agreement, ranked


def studied(tiny: Path, file: Path, budget: str = "macs_per_clip<=8x") -> Path:
    """A study of networks whose trained score is their depth."""
    spec = document(str(tiny))
    ready = prepare(Request(budget=budget, score="depth"), spec, None)
    with open_study(file, spec_facts(spec)) as opened:
        judging = Judging(ready.problem, ready.score, 0, opened, None, 0, lambda text: None)
        list(run(ready.problem, ready.steps, judging, ready.options))
    return file


def test_a_score_agrees_with_itself_and_every_network_counts_once(tiny: Path, tmp_path: Path):
    with read_study(studied(tiny, tmp_path / "study.db")) as opened:
        networks = ranked(opened, ["depth", "macs_per_clip"], "depth")
    rows = {row["score"]: row for row in agreement(networks)}
    assert rows["depth"]["rank_correlation"] == pytest.approx(1)
    assert rows["depth"]["networks"] == len(networks) > 6
    assert -1 <= rows["macs_per_clip"]["low"] <= rows["macs_per_clip"]["high"] <= 1


def test_cheap_scores_are_those_of_the_network_itself(tiny: Path, tmp_path: Path):
    with read_study(studied(tiny, tmp_path / "study.db")) as opened:
        network = ranked(opened, ["synflow"], "depth")[0]
    ready = prepare(Request(budget="macs_per_clip<=8x", score="depth"), document(str(tiny)), None)
    graph = ready.problem.family.graph(network.settings)
    assert network.scores["synflow"] == score_named("synflow")(Task("", graph, "synflow", {}, 0)).score


def test_a_score_that_is_constant_ranks_nothing():
    networks = [
        Ranked({"frames": Fraction(1)}, place, 1, {"flat": 1.0, "missing": None}) for place in range(4)
    ]
    rows = {row["score"]: row for row in agreement(networks)}
    assert rows["flat"]["rank_correlation"] is None
    assert rows["missing"] == {
        "score": "missing",
        "networks": 0,
        "rank_correlation": None,
        "low": None,
        "high": None,
    }


def test_too_few_networks_are_told(tiny: Path, tmp_path: Path):
    file = studied(tiny, tmp_path / "study.db")
    with read_study(file) as opened, pytest.raises(OptionError, match="0 networks have the score train, exp"):
        ranked(opened)
