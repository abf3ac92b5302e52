"""The job of docs/cluster on a real SLURM; skips where none answers."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny_network import SPEC

JOB = Path(__file__).parents[3] / "docs" / "cluster" / "search.sbatch"
LONGEST = 600.0  # seconds


def answer(*command: str, cwd: Path | None = None) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=cwd, timeout=60).stdout


def has_slurm() -> bool:
    if not all(map(shutil.which, ("sbatch", "sinfo", "scontrol"))):
        return False
    return subprocess.run(["sinfo"], capture_output=True, timeout=60).returncode == 0


def waited(folder: Path, text: str) -> str:
    """What the job has printed, once it holds a text."""
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        printed = "".join(each.read_text() for each in folder.glob("slurm-*.out"))
        if text in printed:
            return printed
        time.sleep(0.5)
    raise AssertionError(f"no {text!r} in: {printed[-2000:]}")


@pytest.mark.slow
@pytest.mark.skipif(not has_slurm(), reason="no SLURM answers here")
def test_a_job_that_is_requeued_goes_on_from_its_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("dask", "costmodel"):  # of this environment, whatever is installed beside it
        (tmp_path / name).write_text(f'#!/bin/sh\nexec {sys.executable} -m {name} "$@"\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(JOB.parents[2]))
    (tmp_path / "tiny.yaml").write_text(SPEC)
    search = "tiny.yaml --score train --with epochs=1 --with data=digits:train=24,val=12 --study study.db"
    options = ("--parsable", "--ntasks=2", "--mem-per-cpu=2G", str(JOB))
    job = answer("sbatch", *options, *search.split(), "--budget", "macs_per_clip<=4x", cwd=tmp_path).strip()
    try:
        waited(tmp_path, "step 0: start")
        answer("scontrol", "requeue", job)
        found = waited(tmp_path, "the winner: ")
        while answer("squeue", "--noheader", "--jobs", job).strip():
            time.sleep(0.5)
    finally:
        subprocess.run(["scancel", job], capture_output=True)
    assert "(known): the network to start from" in found
    assert not list(tmp_path.glob("scheduler-*.json"))
