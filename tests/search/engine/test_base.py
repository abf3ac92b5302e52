"""Engines by name: a new one is one file, or one function, and `--engine` knows it."""

from pathlib import Path

import pytest

import cli
from costmodel.errors import OptionError
from search.engine.base import ENGINES, Job, Outcome, attempt, engine, engine_named
from search.score.base import Score, Task


class Here:
    """Runs each candidate in this process, when its outcome is asked for."""

    def __init__(self, score: Score) -> None:
        self.score, self.waiting, self.ended = score, list[Task](), False

    def submit(self, task: Task) -> None:
        self.waiting.append(task)

    def next_outcome(self) -> Outcome:
        return attempt(self.score, self.waiting.pop(0))

    def free(self) -> int:
        return 0

    def close(self) -> None:
        self.ended = True


@pytest.fixture
def jobs() -> list[tuple[Job, Here]]:
    """The searches that an engine called `here` is made for, and the engine of each."""
    made: list[tuple[Job, Here]] = []

    @engine("here")
    def here(job: Job) -> Here:
        made.append((job, Here(job.score)))
        return made[-1][1]

    yield made
    del ENGINES["here"]


def test_a_search_runs_where_its_engine_says(jobs, tiny: Path, tmp_path: Path, capsys):
    arguments = ["--score", "synflow", "--budget", "macs_per_clip<=3x", "--engine", "here", "--workers", "3"]
    study, out = ["--study", str(tmp_path / "s.db")], ["--out", str(tmp_path)]
    assert cli.main(["search", str(tiny), *arguments, *study, *out]) == 0
    ((job, made),) = jobs
    assert (job.workers, job.first.score, made.waiting, made.ended) == (3, "synflow", [], True)
    assert "macs_per_clip" in capsys.readouterr().out


def test_an_unknown_engine_is_refused_with_the_known_ones(jobs):
    with pytest.raises(OptionError) as error:
        engine_named("moon")
    assert str(error.value) == f"--engine: unknown 'moon' (known: {', '.join(sorted(ENGINES))})"
    assert "here" in ENGINES


def test_a_name_is_given_once(jobs):
    with pytest.raises(OptionError, match=r"^engine 'here' is registered twice$"):
        engine("here")(lambda job: jobs[0][1])
