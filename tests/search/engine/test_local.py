"""Worker processes: one that dies takes its candidate, not the search; failures are tried again."""

import os
import sys
from pathlib import Path

import pytest

from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.spec import document
from search.engine.local import LocalEngine
from search.methods.run import Judging, run
from search.problem.request import Request, prepare
from search.score.base import Task
from search.study.history import candidates_of
from search.study.spec_text import spec_facts
from search.study.study import open_study, read_study

SCORES = """
import os, time
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.errors import OptionError
from search.score.base import Result

class Base:
    in_worker = True
    def __init__(self, folder=""):
        self.folder = folder
    def recipe_at(self, step):
        return {}
    def __call__(self, task):
        layers = evaluate(Figures(task.graph), "depth")
        self.trouble(layers, task)
        return Result(float(layers), log="scored")
    def trouble(self, layers, task):
        pass

class Dies(Base):
    name = "own_scores:Dies"
    def trouble(self, layers, task):
        if layers > 2:
            os.kill(os.getpid(), 9)

class Once(Base):
    name = "own_scores:Once"
    def trouble(self, layers, task):
        mark = os.path.join(self.folder, task.key)
        if not os.path.exists(mark):
            open(mark, "w").close()
            raise RuntimeError("only\\nonce")

class Hungry(Base):
    name = "own_scores:Hungry"
    def trouble(self, layers, task):
        if layers > 2:
            raise MemoryError

class Refuses(Base):
    name = "own_scores:Refuses"
    def trouble(self, layers, task):
        if layers > 2:
            raise OptionError("too deep")

class Killable(Base):
    name = "own_scores:Killable"
    def trouble(self, layers, task):
        with open("/proc/self/oom_score_adj") as file:
            assert file.read().strip() == "1000"

class Crowded(Base):
    name = "own_scores:Crowded"
    def __call__(self, task):
        mark, killed = (os.path.join(self.folder, name) for name in ("running", "killed"))
        try:
            os.mkdir(mark)
        except FileExistsError:  # another runs: the memory is all taken
            open(killed, "w").close()
            os.kill(os.getpid(), 9)
        while not os.path.exists(killed):
            time.sleep(0.01)
        os.rmdir(mark)
        return Result(1.0)

class NotANumber(Base):
    name = "own_scores:NotANumber"
    def __call__(self, task):
        return Result(float("nan") if evaluate(Figures(task.graph), "depth") > 2 else 1.0)
"""


@pytest.fixture
def scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "own_scores.py").write_text(SCORES)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("own_scores", None)


def search(tiny: Path, name: str, folder: Path, told: list[str]):
    found = document(str(tiny))
    request = Request(
        budget="macs_per_clip<=3x", score=f"own_scores:{name}", score_options=[f"folder={folder}"]
    )
    ready = prepare(request, Network(found))
    engine = LocalEngine(2, dict(ready.score_options))
    try:
        with open_study(folder / "s.db", spec_facts(found)) as opened:
            judging = Judging(ready.problem, ready.score, 0, opened, engine, 1, told.append)
            decisions = [each for each, _ in run(ready.problem, ready.steps, judging, ready.options)]
    finally:
        engine.close()
    with read_study(folder / "s.db") as opened:
        return decisions, candidates_of(opened)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Dies", "the worker died: killed by SIGKILL, most likely since memory ran out"),
        ("Hungry", "out of memory"),
        ("NotANumber", "ValueError: the score is nan"),
    ],
)
def test_a_candidate_that_fails_is_recorded_and_the_search_goes_on(tiny, scores, name: str, reason: str):
    decisions, candidates = search(tiny, name, scores, [])
    failed = [row for row in candidates if row["status"] == "failed"]
    assert {row["reason"] for row in failed} == {reason}
    assert {row["attempts"] for row in failed} == {2}
    assert {row["attempts"] for row in candidates if row["status"] == "done"} == {1}
    assert decisions[-1].score is not None
    assert not any(option.axis == "Depth" and option.stands for each in decisions for option in each.options)


def test_a_candidate_that_fails_once_is_scored_at_the_second_attempt(tiny, scores):
    told: list[str] = []
    _, candidates = search(tiny, "Once", scores, told)
    assert {(row["status"], row["attempts"]) for row in candidates} == {("done", 2)}
    assert any("attempt 1 failed (RuntimeError: only once); tried again" in line for line in told)


def test_a_failure_that_would_repeat_is_not_repeated(tiny, scores):
    told: list[str] = []
    _, candidates = search(tiny, "Refuses", scores, told)
    failed = [row for row in candidates if row["status"] == "failed"]
    assert {row["attempts"] for row in failed} == {1}
    assert any("attempt 1 failed (OptionError: too deep); left out" in line for line in told)


def test_a_candidate_killed_beside_others_runs_alone_when_it_is_tried_again(tiny, scores):
    network = Network(document(str(tiny)))
    first, second, third = (Task(each, network, "own_scores:Crowded", {}, 0) for each in "abc")
    engine = LocalEngine(2, {"folder": str(scores)})
    try:
        engine.submit(first)
        engine.submit(second)
        ended = sorted((engine.next_outcome() for _ in range(2)), key=lambda each: each.is_crowded)
        assert [each.result is None for each in ended] == [False, True]
        engine.submit(first if ended[1].key == "a" else second)
        engine.submit(third)
        assert [engine.next_outcome().result is None for _ in range(2)] == [False, False]
    finally:
        engine.close()


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux has it")
def test_a_worker_offers_itself_first_to_the_kernels_killer(tiny, scores):
    _, candidates = search(tiny, "Killable", scores, [])
    assert {row["status"] for row in candidates} == {"done"}


def test_workers_run_together_only_what_fits_together(tiny, scores, monkeypatch: pytest.MonkeyPatch):
    network = Network(document(str(tiny)))
    tasks = [Task(str(number), network, "own_scores:Base", {}, 0) for number in range(4)]
    engine = LocalEngine(2, {}, room=10, check=lambda task, room: 6)
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(LocalEngine, "_start", lambda self, index: _Idle(sent, self))
    for task in tasks:
        engine.submit(task)
    assert sent == [("0", 0)]
    assert engine.free() == 0
    monkeypatch.setattr(engine, "room", 12)
    engine._feed()
    assert sent == [("0", 0), ("1", 1)]


def test_what_does_not_fit_is_an_outcome_at_once(tiny):
    def check(task: Task, room: int | None) -> int:
        raise OptionError("too large")

    engine = LocalEngine(2, {}, room=10, check=check)
    engine.submit(Task("a", Network(document(str(tiny))), "synflow", {}, 0))
    outcome = engine.next_outcome()
    assert (outcome.key, outcome.result, outcome.reason) == ("a", None, "too large")
    assert outcome.repeats


class _Idle:
    """A worker that never ends its task, and notes what it is sent, and beside how many."""

    def __init__(self, sent: list[tuple[str, int]], engine: LocalEngine) -> None:
        self.task: Task | None = None
        self.started = 0.0
        self.process = self.pipe = self
        self.sent, self.engine = sent, engine

    def is_alive(self) -> bool:
        return True

    def send(self, task: Task) -> None:
        self.sent.append((task.key, self.engine._busy() - 1))


def test_workers_end_with_the_engine(tiny, scores):
    engine = LocalEngine(1, {})
    engine._running.append(engine._start(0))
    process = engine._running[0].process
    engine.close()
    assert not process.is_alive()
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
