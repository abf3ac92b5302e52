"""Candidates on a cluster: a real scheduler, two workers on this machine, and what becomes of them."""

import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import in_process  # noqa: F401 - an engine to compare with
import pytest
from clusters import Processes, until

import cli
from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.spec import document
from search.engine import engine_named, member
from search.engine.base import Job
from search.engine.cluster import Cluster
from search.engine.dask import DaskEngine
from search.engine.scheduler import SchedulerError
from search.methods.run import Judging, run
from search.problem.request import Request, prepare
from search.score.base import Task
from search.study.history import candidates_of, decisions_of
from search.study.spec_text import spec_facts
from search.study.study import open_study, read_study
from search.study.weights import KeptWeights, folder_of

ROOT = Path(__file__).resolve().parents[3]
SCORES = """
import os, time
from pathlib import Path
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from search.score.base import Result

class Depth:
    name = "own_cluster_scores:Depth"
    in_worker = True
    def __init__(self, folder=""):
        self.folder = Path(folder)
    def recipe_at(self, step):
        return {}
    def __call__(self, task):
        layers = evaluate(Figures(task.graph), "depth")
        killed = self.folder / "killed"
        if self.folder.name and layers > 2 and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), 9)
        return Result(float(layers), weights=task.key.encode())

class Waits(Depth):
    name = "own_cluster_scores:Waits"
    def __call__(self, task):
        (self.folder / "begun").touch()
        time.sleep(60)
"""


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "own_cluster_scores.py").write_text(SCORES)
    found = Processes(folder, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield found
    sys.modules.pop("own_cluster_scores", None)
    found.end()


def search(spec: Path, study: Path, scheduler: Path | None, score: str, told: list[str], **options: object):
    """A search on a cluster, or in this process where there is no scheduler: its decisions and candidates."""
    found = document(str(spec))
    request = Request(
        budget="macs_per_clip<=3x",
        score=score,
        score_options=[f"{name}={value}" for name, value in options.items()],
    )
    ready = prepare(request, Network(found))
    first = Task("", ready.problem.network_of(ready.problem.first), score, {}, 0)
    job = Job(ready.score, ready.score_options, first, None, told.append, scheduler and str(scheduler))
    made = engine_named("dask" if scheduler else "in_process")(job)
    with closing(made) as engine, open_study(study, spec_facts(found)) as opened:
        judging = Judging(ready.problem, ready.score, 0, opened, engine, 2, told.append)
        judging.weights = KeptWeights(study)
        list(run(ready.problem, ready.steps, judging, ready.options))
    return found_in(study)


def found_in(study: Path):
    with read_study(study) as opened:
        decisions = [{**row, "decided": None} for row in decisions_of(opened)]
        return decisions, {row["candidate"]: row for row in candidates_of(opened)}


def kept_by(study: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder_of(study).iterdir()}


def test_a_worker_lost_in_a_candidate_changes_no_decision(processes, tiny: Path, tmp_path: Path):
    told: list[str] = []
    here, there = tmp_path / "here.db", tmp_path / "there.db"
    decisions, once = search(tiny, here, None, "own_cluster_scores:Depth", [])
    found, twice = search(tiny, there, processes.file, "own_cluster_scores:Depth", told, folder=tmp_path)
    assert found == decisions
    # what was begun ahead and not asked for in the end differs
    assert all(once[key]["score"] == twice[key]["score"] for key in once.keys() & twice.keys())
    assert sorted(row["attempts"] for row in twice.values())[-2:] == [1, 2]
    assert sum(each.poll() is not None for each in processes.workers) == 1
    assert any("attempt 1 failed (the worker was lost: tcp://127.0.0.1:" in line for line in told)
    assert kept_by(here) == kept_by(there) != {}


def test_workers_of_another_version_are_left_out(processes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(member, "installed", lambda: {"costmodel": "9 (0)", "torch": "1", "Python": "4"})
    monkeypatch.setattr("search.engine.scheduler.installed", member.installed)
    told: list[str] = []
    with pytest.raises(
        OptionError, match=r"no worker can be used: tcp://\S+ has costmodel 0\S+ \(\w+\), here 9 \(0\)"
    ):
        Cluster(str(processes.file), told.append)
    assert told[0].startswith("note: left out: tcp://127.0.0.1:")


def task_of(tiny: Path) -> Task:
    return Task("a", Network(document(str(tiny))), "own_cluster_scores:Depth", {}, 0)


@pytest.mark.parametrize(
    ("options", "memory", "reason"),
    [
        ({"device": "cuda"}, None, "no worker has a GPU; expected some started with --resources GPU=1"),
        ({}, lambda task, room: 1 << 60, "needs 1073741824.0 GiB, the largest worker has "),
    ],
)
def test_what_no_worker_has_is_refused_at_once(processes, tiny, options, memory, reason: str):
    cluster = Cluster(str(processes.file), lambda line: None)
    engine = DaskEngine(cluster, options, memory=memory)
    try:
        until(lambda: cluster.look() or cluster.members)
        assert engine.lacks(task_of(tiny)).startswith(reason)
        engine.submit(task_of(tiny))
        outcome = engine.next_outcome()
        assert (outcome.result, outcome.repeats) == (None, True)
        assert outcome.reason.startswith(reason)
    finally:
        engine.close()


def test_a_scheduler_that_dies_in_the_run_is_one_line_and_the_study_goes_on(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "own_dying_scores.py").write_text(
        SCORES.replace("own_cluster", "own_dying").replace(
            "time.sleep(60)", 'os.kill(int((self.folder / "scheduler.pid").read_text()), 9); time.sleep(60)'
        )
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("search.engine.scheduler.ANSWERS_IN", 2.0)
    processes = Processes(tmp_path, 1)
    (tmp_path / "scheduler.pid").write_text(str(processes.scheduler.pid))
    place = f"--scheduler {processes.file}"
    gone = f"{place}: is gone; all that ended is kept, and a search goes on by the same command"
    try:
        with pytest.raises(SchedulerError, match=f"^{re.escape(gone)}$"):
            search(tiny, tmp_path / "s.db", processes.file, "own_dying_scores:Waits", [], folder=tmp_path)
    finally:
        processes.end()
    assert (tmp_path / "begun").exists()
    assert found_in(tmp_path / "s.db") == ([], {})


@pytest.mark.slow
def test_a_killed_scheduler_is_one_line_of_the_command_too(tiny: Path, tmp_path: Path):
    # in a process of its own, which loads dask when the command asks for it
    (tmp_path / "own_cluster_scores.py").write_text(SCORES)
    processes = Processes(tmp_path, 2)
    given = (
        "--budget",
        "macs_per_clip<=3x",
        "--study",
        tmp_path / "s.db",
        "--score",
        "own_cluster_scores:Waits",
    )
    cluster = ("--with", f"folder={tmp_path}", "--engine", "dask", "--scheduler", processes.file)
    command = [sys.executable, ROOT / "cli.py", "search", tiny, *given, *cluster]
    try:
        running = subprocess.Popen(
            command, env=processes.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        until((tmp_path / "begun").exists)
        processes.scheduler.kill()
        told = running.communicate(timeout=120)[1].splitlines()
    finally:
        processes.end()
    assert running.returncode == 2
    gone = "is gone; all that ended is kept, and a search goes on by the same command"
    assert [line for line in told if "distributed" in line or line.startswith("error: ")] == [
        f"error: --scheduler {processes.file}: {gone}"
    ]


def test_a_sweep_on_a_cluster_finds_the_rows_and_the_front_of_one_process(
    processes, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("search.sweep.spread.PIECES_OF_A_FRONT", 1)  # three calls, in place of one
    swept = ["sweep", str(tiny), "--grid", "wide=0.5:8:0.05", "--grid", "frames=1:32", "--grid", "crop=8:64"]
    for name, kept in (
        ("front", ["--pareto", "macs_per_frame,-params"]),
        ("rows", ["--where", "macs_per_frame<60000"]),
    ):
        written = []
        for options in ([], ["--engine", "dask", "--scheduler", str(processes.file)]):
            out = tmp_path / f"{name}{len(written)}.csv"
            assert cli.main([*swept, *kept, "--out", str(out), *options]) == 0
            written.append(out.read_bytes())
        assert written[0] == written[1]
        assert written[0].count(b"\n") > 3
