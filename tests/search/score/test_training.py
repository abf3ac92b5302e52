"""The score `train`, and a search with real training behind it."""

import json
from functools import cache
from pathlib import Path

import pytest
from searched import spec_text

import cli
from costmodel.emit.weights_format import read_weights
from costmodel.errors import DataError, OptionError, TrainingError
from costmodel.network import Network
from costmodel.spec.document import from_text
from search.problem.request import Request, prepare
from search.score.base import Result, Task, score_named
from search.score.training import TrainScore

SPEC = spec_text(10, every=4)
OPTIONS = {"data": "digits:train=32,val=24,length=16", "epochs": 1}


@cache
def network(**sets: int) -> Network:
    return Network(from_text(SPEC, "tiny"), sets)


def scored(score: TrainScore, seed: int = 0, made: Network | None = None) -> Result:
    return score(Task("key", made or network(), "train", score.recipe_at(0), seed))


def test_the_score_is_found_by_its_name_and_runs_in_workers():
    score = score_named("train", OPTIONS)
    assert isinstance(score, TrainScore)
    assert (score.name, score.in_worker) == ("train", True)


def test_the_same_seed_gives_the_same_score_in_another_process_of_the_same_kind():
    first, second = (scored(TrainScore(**OPTIONS), 3) for _ in range(2))
    assert (first.score, first.measured["loss"]) == (second.score, second.measured["loss"])
    other = scored(TrainScore(**OPTIONS), 4)
    assert other.measured["loss"] != first.measured["loss"]


def test_a_result_tells_what_it_took():
    result = scored(TrainScore(**OPTIONS))
    macs = 4 * 2 * 5 * 5 * 27 + 4 * 12
    assert result.training_macs == 3 * 32 * macs
    assert result.log.startswith("epoch,rate,train_loss")
    assert {"loss", "train_accuracy", "data_seconds", "learn_seconds"} <= set(result.measured)


def test_a_result_has_weights_that_know_their_network(tmp_path: Path):
    score = TrainScore(**OPTIONS, fps=12.5)
    assert score.recipe_at(0) == TrainScore(**OPTIONS).recipe_at(0)  # what is learned stays the same
    result = scored(score, seed=2)
    assert result.weights is not None
    (tmp_path / "w.safetensors").write_bytes(result.weights)
    about = read_weights(tmp_path / "w.safetensors")[0].known
    assert about.network.identity == network().identity
    assert (about.seed, about.accuracy.value) == (2, result.score)
    assert about.frame_rate == 12.5 / network().graph().every


def test_a_search_by_training_has_as_many_classes_as_the_data_costs_included():
    given = [f"{name}={value}" for name, value in OPTIONS.items()]
    options = {"budget": "macs_per_clip<=2x", "score": "train", "score_options": given}
    plain = Network(from_text(spec_text(10, classes=400, every=4), "tiny"))
    ready = prepare(Request(**options), plain)
    assert ready.problem.start["classes"] == 12
    assert ready.problem.first.values["macs_per_clip"] == 4 * 2 * 5 * 5 * 27 + 4 * 12
    asked = prepare(Request(**options, sets=["classes=40"]), plain)
    assert asked.problem.start["classes"] == 40


def test_a_recipe_holds_all_that_a_result_depends_on():
    recipe = TrainScore(**OPTIONS).recipe_at(0)
    assert recipe["data"] == "digits:train=32,val=24,length=16,seed=0"
    assert recipe["recipe"]["epochs"] == 1
    assert TrainScore(**OPTIONS, batch=16).recipe_at(0) != recipe
    assert TrainScore(**OPTIONS, data_seed=1).recipe_at(0) != recipe
    assert json.loads(json.dumps(recipe)) == recipe


def test_regularisation_expands_with_the_steps_of_a_search():
    score = TrainScore("x3d", **OPTIONS)
    keys = [json.dumps(score.recipe_at(step)) for step in range(15)]
    assert len(set(keys)) == 4
    assert keys[1] == keys[7] != keys[8] == keys[10] != keys[11] == keys[12] != keys[13]
    assert score.recipe_at(13)["recipe"]["drop_connect"] == 0.2


def test_a_network_may_have_more_classes_than_the_data_but_not_fewer():
    assert scored(TrainScore(**OPTIONS), made=network(classes=40)).score >= 0
    with pytest.raises(DataError, match="labels don't match"):
        scored(TrainScore(**OPTIONS), made=network(classes=5))


def test_a_loss_that_is_no_number_fails_the_candidate(tmp_path: Path):
    recipe = tmp_path / "hot.yaml"
    recipe.write_text("name: hot\nlearning_rate: 1000\nweight_decay: 1\nbatch: 8\nepochs: 3\n")
    with pytest.raises(TrainingError, match="lower the learning rate"):
        scored(TrainScore(str(recipe), OPTIONS["data"]))


def test_an_unknown_kind_is_named():
    with pytest.raises(OptionError) as error:
        TrainScore(kind="padded")
    assert str(error.value) == "--with kind=padded: expected clip, unpadded, stepwise"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(SPEC)
    return path


def search(spec: Path, study: Path, *more: object) -> int:
    given = ("--preset", "smoke", "--with", "data=digits:train=16,val=12,length=16", "--with", "epochs=1")
    options = ("--study", study, "--seed", 1, "--budget", "macs_per_clip<=4x", "--out", study.parent)
    return cli.main([str(each) for each in ("search", spec, *given, *options, *more)])


def shown(study: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, object]]]:
    capsys.readouterr()
    assert cli.main(["study", "show", str(study), "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_search_trains_its_candidates_and_gives_the_same_scores_again(spec: Path, tmp_path: Path, capsys):
    first, second = tmp_path / "a" / "a.db", tmp_path / "b" / "b.db"
    assert search(spec, first, "--workers", 2) == search(spec, second, "--workers", 1) == 0
    one, two = (shown(study, capsys) for study in (first, second))
    scores = [{row["candidate"]: row["score"] for row in each["candidates"]} for each in (one, two)]
    # A worker that would wait begins with what is likely to be asked for next: a wrong guess stays.
    assert {key: scores[0].get(key) for key in scores[1]} == scores[1]
    assert len(scores[1]) >= 4
    assert all(row["training_macs"] > 0 for row in one["candidates"])
    assert [row["axis"] for row in one["decisions"]] == [row["axis"] for row in two["decisions"]]
    assert search(spec, first) == 0  # resumed: nothing is trained again
    assert shown(first, capsys)["candidates"] == one["candidates"]


@pytest.mark.slow
def test_the_smoke_preset_needs_nothing_else(tmp_path: Path, capsys):
    study = tmp_path / "smoke.db"
    arguments = ["search", "digits", "--preset", "smoke", "--study", study, "--seed", 1, "--out", tmp_path]
    assert cli.main([str(each) for each in arguments]) == 0
    decisions = shown(study, capsys)["decisions"]
    assert [row["kind"] for row in decisions] == ["start", "expand", "expand", "stop"]
