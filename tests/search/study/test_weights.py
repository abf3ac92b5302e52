"""The weights that a study keeps: there before the decision that rests on them, and no others for long."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from in_process import InProcess

from costmodel.network import Network
from search.methods.run import Judging, run
from search.problem.request import Request, prepare
from search.score.base import Result, Task
from search.study.spec_text import spec_facts
from search.study.study import Study, open_study, read_study
from search.study.weights import Keep, KeptWeights, folder_of, kept_weights

KEY = "a" * 64


@dataclass(frozen=True)
class Trains:
    """A score that gives weights: the larger a network the better."""

    name: str = "trains"
    in_worker: bool = True
    classes: int = 10

    def recipe_at(self, step: int) -> dict[str, int]:
        return {}

    def __call__(self, task: Task) -> Result:
        return Result(float(sum(task.graph.source)), weights=task.key.encode())


def searched(spec: Path, keep: Keep, budget: str = "macs_per_clip<=4x") -> tuple[list[str], list[str]]:
    """The candidates that a search runs, and what it tells."""
    network = Network.of(spec)
    ready = replace(prepare(Request(budget=budget), network), score=Trains())
    engine, told = InProcess(ready.score), []
    path = spec.with_name("s.db")
    with open_study(path, spec_facts(network.document)) as study:
        judging = Judging(ready.problem, ready.score, 0, study, engine, 0, told.append)
        judging.weights = KeptWeights(path, keep)
        for _ in run(ready.problem, ready.steps, judging, ready.options):
            pass
    return engine.ran, told


def kept(spec: Path) -> set[str]:
    folder = folder_of(spec.with_name("s.db"))
    return {path.name.removesuffix(".safetensors") for path in folder.iterdir()} if folder.exists() else set()


def decided(spec: Path) -> set[str]:
    with read_study(spec.with_name("s.db")) as study:
        return set(study.decided())


def test_the_best_of_each_step_alone_are_kept(tiny: Path):
    ran, _ = searched(tiny, "best")
    assert kept(tiny) == decided(tiny)
    assert 1 < len(kept(tiny)) < len(ran)
    for key in kept(tiny):
        path = kept_weights(tiny.with_name("s.db"), key)
        assert path is not None
        assert path.read_bytes() == key.encode()


def test_all_or_none_are_kept_where_that_is_asked_for(tiny: Path):
    ran, _ = searched(tiny, "none")
    assert kept(tiny) == set()
    tiny.with_name("s.db").unlink()
    assert searched(tiny, "all")[0] == ran
    assert kept(tiny) == set(ran)


def test_weights_are_there_before_the_decision_that_rests_on_them(tiny: Path, monkeypatch):
    write_step = Study.write_step

    def checked(study: Study, search: int, place: int, decision, fresh) -> None:
        assert decision.key in kept(tiny)
        write_step(study, search, place, decision, fresh)

    monkeypatch.setattr(Study, "write_step", checked)
    searched(tiny, "best")


@pytest.mark.parametrize("method", ["write_step", "write_attempt"])
@pytest.mark.parametrize("number", [1, 3])
def test_a_search_killed_as_it_writes_goes_on_to_the_same_files(
    tiny: Path, tmp_path: Path, monkeypatch, method: str, number: int
):
    whole = tmp_path / "whole" / tiny.name
    whole.parent.mkdir()
    whole.write_bytes(tiny.read_bytes())
    searched(whole, "best")
    written, calls = getattr(Study, method), []

    def killed(study: Study, *arguments, **options) -> None:
        calls.append(1)
        if len(calls) == number:
            raise KeyboardInterrupt
        written(study, *arguments, **options)

    monkeypatch.setattr(Study, method, killed)
    with pytest.raises(KeyboardInterrupt):
        searched(tiny, "best")
    monkeypatch.setattr(Study, method, written)
    left = folder_of(tiny.with_name("s.db")) / f".{KEY}.safetensors.a1b2c3d4"
    left.write_bytes(b"half")
    searched(tiny, "best")
    assert kept(tiny) == kept(whole) == decided(tiny)


def test_weights_that_were_let_go_are_trained_once_more(tiny: Path):
    ran, _ = searched(tiny, "none")
    again, told = searched(tiny, "best")
    assert len(again) == 1
    assert told == [f"  candidate {again[0][:8]}: trained once more, for its weights were not kept"]
    assert kept(tiny) == set(again) <= set(ran)
    assert searched(tiny, "best") == ([], [])


def test_files_of_others_are_left_alone(tmp_path: Path):
    weights = KeptWeights(tmp_path / "s.db")
    weights.write(KEY, b"weights")
    (folder_of(tmp_path / "s.db") / "mine.safetensors").write_bytes(b"mine")
    assert not weights.lacks(KEY)
    weights.tidy([])
    assert [path.name for path in folder_of(tmp_path / "s.db").iterdir()] == ["mine.safetensors"]
    assert weights.lacks(KEY)
    assert not KeptWeights(tmp_path / "s.db", "none").lacks(KEY)
