"""A search that trains on a cluster decides as one on this machine, whoever is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from clusters import Processes, until
from searched import spec_text

from search.study.history import candidates_of, decisions_of
from search.study.study import read_study
from search.study.weights import folder_of

pytestmark = pytest.mark.slow
SEARCH = [
    *("search", "net.yaml", "--score", "train", "--with", "data=digits:train=240,val=60,length=8"),
    *("--with", "recipe=digits", "--with", "epochs=5", "--budget", "macs_per_clip<=8x", "--seed", "1"),
]


def begun(folder: Path, study: str, *options: str) -> subprocess.Popen[bytes]:
    with (folder / f"{study}.told").open("ab") as told:
        line = [sys.executable, "-m", "costmodel", *SEARCH, "--study", study, *options]
        return subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL, stderr=told)


def found_in(study: Path):
    with read_study(study) as opened:
        scores = {row["candidate"]: row["score"] for row in candidates_of(opened)}
        return [{**row, "decided": None} for row in decisions_of(opened)], scores


def told_by(folder: Path, study: str) -> str:
    path = folder / f"{study}.told"
    return path.read_text() if path.exists() else ""


def test_a_killed_worker_and_a_killed_driver_change_no_decision(tmp_path: Path):
    (tmp_path / "net.yaml").write_text(spec_text(12))
    assert begun(tmp_path, "here.db", "--workers", "1").wait(300) == 0, told_by(tmp_path, "here.db")
    processes = Processes(tmp_path, 2)
    on_cluster = ("--engine", "dask", "--scheduler", str(processes.file))
    try:
        driver = begun(tmp_path, "there.db", *on_cluster)
        until(lambda: "candidate" in told_by(tmp_path, "there.db"), 120)
        os.kill(processes.workers[0].pid, signal.SIGKILL)  # a step has two candidates, so it has one
        until(lambda: "the worker was lost" in told_by(tmp_path, "there.db"), 60)
        processes.workers.append(processes.join())
        driver.kill()
        assert driver.wait() == -signal.SIGKILL
        assert begun(tmp_path, "there.db", *on_cluster).wait(300) == 0, told_by(tmp_path, "there.db")
    finally:
        processes.end()
    (decisions, once), (found, twice) = found_in(tmp_path / "here.db"), found_in(tmp_path / "there.db")
    assert found == decisions
    assert all(once[key] == twice[key] for key in once.keys() & twice.keys())
    here, there = (
        {each.name: each.read_bytes() for each in folder_of(tmp_path / name).iterdir()}
        for name in ("here.db", "there.db")
    )
    assert here == there != {}
