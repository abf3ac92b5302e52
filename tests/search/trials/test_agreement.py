"""Cheap scores are worked out anew for every trained network, and ranked beside it."""

from fractions import Fraction
from pathlib import Path

import pytest

from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.spec import document
from costmodel.transforms.continual import Continual
from search.methods.run import Judging, run
from search.problem.request import Request, prepare
from search.score.base import Task, score_named
from search.study.spec_text import spec_facts
from search.study.study import open_study, read_study
from search.trials.agreement import Ranked, agreement, ranked


def studied(tiny: Path, file: Path, budget: str = "macs_per_clip<=8x") -> Path:
    """A study of networks whose trained score is their depth."""
    spec = document(str(tiny))
    ready = prepare(Request(budget=budget, score="depth"), Network(spec))
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
    ready = prepare(Request(budget="macs_per_clip<=8x", score="depth"), Network.of(tiny))
    made = ready.problem.family.at(network.settings)
    assert network.scores["synflow"] == score_named("synflow")(Task("", made, "synflow", {}, 0)).score


def test_each_form_has_the_costs_of_its_own_networks(tiny: Path, tmp_path: Path):
    """Clip networks and streams in one study: for a frame, a clip network costs its whole clip."""
    file = studied(tiny, tmp_path / "study.db")
    network = Network.of(tiny, transforms=[Continual()])
    ready = prepare(Request(budget="macs_per_clip<=8x", score="depth"), network)
    with open_study(file, spec_facts(network.document)) as opened:
        judging = Judging(ready.problem, ready.score, 0, opened, None, 0, lambda text: None)
        list(run(ready.problem, ready.steps, judging, ready.options))
    with read_study(file) as opened:
        networks = ranked(opened, ["macs_per_frame", "macs_per_clip"], "depth")
    alike = {form: [each for each in networks if each.form == form] for form in ("clip", "--continual")}
    assert len(alike["clip"]) == len(alike["--continual"]) > 6
    assert all(each.scores["macs_per_frame"] == each.scores["macs_per_clip"] for each in alike["clip"])
    streams = [each for each in alike["--continual"] if each.settings["frames"] > 1]
    assert all(each.scores["macs_per_frame"] < each.scores["macs_per_clip"] for each in streams)
    assert [(row["form"], row["score"]) for row in agreement(networks)].count(("clip", "macs_per_clip")) == 1


def test_a_score_that_is_constant_ranks_nothing():
    networks = [
        Ranked({"frames": Fraction(1)}, place, 1, {"flat": 1.0, "missing": None}) for place in range(4)
    ]
    rows = {row["score"]: row for row in agreement(networks)}
    assert rows["flat"]["rank_correlation"] is None
    assert rows["missing"] == {
        "score": "missing",
        "form": "clip",
        "networks": 0,
        "rank_correlation": None,
        "low": None,
        "high": None,
    }


def test_too_few_networks_are_told(tiny: Path, tmp_path: Path):
    file = studied(tiny, tmp_path / "study.db")
    with read_study(file) as opened, pytest.raises(OptionError, match="0 networks have the score train, exp"):
        ranked(opened)
