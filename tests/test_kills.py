"""Searches and trainings that are killed over and over: nothing lost, nothing done twice, the same result.

The kills fall at random moments (of a seed) on the driver or on one of its workers. The same command is given
until it ends by itself; what it leaves is then compared with what an undisturbed run left.
"""

import csv
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from searched import spec_text

from costmodel.emit.weights_format import read_weights
from search.study.history import candidates_of, decisions_of, searches_of
from search.study.study import read_study
from search.study.weights import folder_of, kept_weights

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Linux tells what is left of a session"),
]
ROOT = Path(__file__).resolve().parents[1]
KILLS = 25  # of each of four tests
MOST = 5  # of one search or training, which then may end
SEARCH = [
    *("search", "net.yaml", "--score", "train", "--with", "data=../clips", "--with", "recipe=digits"),
    *("--with", "epochs=3", "--budget", "macs_per_clip<=8x", "--workers", "2", "--retries", "10"),
    *("--study", "s.db", "--seed", "1", "--out", "drawn"),
]
TRAIN = [
    *("train", "net.yaml", "--data", "../clips", "--recipe", "digits", "--epochs", "60", "--seed", "1"),
    *("--device", "cpu", "--threads", "1", "--out", "run"),
]
# A checkpoint after each epoch, so that kills fall between them too.
MAIN = """
import sys, cli
from search.train import loop
loop.SECONDS_BETWEEN_CHECKPOINTS = 0
sys.exit(cli.main())
"""
Check = Callable[[Path], None]


@pytest.fixture(autouse=True)
def clips(tmp_path: Path) -> None:
    """A few clips of two classes: one folder for all runs, since data is known by where it is."""
    numbers = np.random.default_rng(0)
    for name in ("train/dark", "train/light", "val/dark", "val/light"):
        place = tmp_path / "clips" / name
        place.mkdir(parents=True)
        for number in range(12):
            clip = numbers.integers(0, 200, (16, 8, 8), dtype=np.uint8) + 50 * name.endswith("light")
            np.save(place / f"{number}.npy", clip.astype(np.uint8))


def prepared(folder: Path) -> Path:
    folder.mkdir()
    (folder / "net.yaml").write_text(spec_text(8, classes=2))
    return folder


def started(folder: Path, command: list[str]) -> subprocess.Popen[bytes]:
    """The command in a session of its own, by which its orphans can be told."""
    with (folder / "told.txt").open("ab") as told:
        begun = ["-c", MAIN] if command[0] == "train" else [str(ROOT / "cli.py")]
        line = [sys.executable, *begun, *command]
        return subprocess.Popen(
            line,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=told,
            start_new_session=True,
        )


def left_of(session: int) -> list[int]:
    """The processes of a session that are still there."""
    found = []
    for pid in psutil.pids():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat[3]) == session and stat[0] != "Z":
            found.append(pid)
    return found


def ended_all(session: int) -> bool:
    """Whether all processes of a session end, within a minute."""
    deadline = time.monotonic() + 60
    while left_of(session) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not left_of(session)


def workers_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        servers = psutil.Process(process.pid).children()
        return [each for server in servers for each in server.children() if _is_copied(server)]
    except psutil.Error:  # it ended meanwhile
        return []


def _is_copied(process: psutil.Process) -> bool:
    """Whether workers begin as copies of a process."""
    return any("multiprocessing.forkserver" in part for part in process.cmdline())


def disturbed(
    folder: Path, command: list[str], seconds: float, chance: random.Random, most: int, check: Check
) -> int:
    """Kills the command at random moments until it ends by itself; at most so many times."""
    kills = 0
    while True:
        process = started(folder, command)
        while process.poll() is None and kills < most:
            try:
                process.wait(chance.uniform(0, seconds))
            except subprocess.TimeoutExpired:
                workers = workers_of(process)
                victim = chance.choice(workers) if workers and chance.random() < 0.5 else process
                with suppress(psutil.NoSuchProcess):  # it ended meanwhile
                    victim.send_signal(signal.SIGKILL)
                    kills += 1
                if victim is process:
                    process.wait()
        code = process.wait()
        assert ended_all(process.pid), "an orphan is left"
        check(folder)
        if code != -signal.SIGKILL:
            assert code == 0, (folder / "told.txt").read_text()[-2000:]
            return kills


def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def found_in(folder: Path) -> tuple[list[object], dict[str, object]]:
    """The decisions of a search, and the score of each candidate; each was computed once."""
    with read_study(folder / "s.db") as study:
        decisions = [{**row, "decided": None} for row in decisions_of(study)]
        candidates = candidates_of(study)
        assert len(searches_of(study)) == 1
        done = study.connection.execute(
            "SELECT result, count(*) FROM attempts WHERE outcome='done' GROUP BY 1"
        )
        assert {count for _, count in done} <= {1}
    assert {row["status"] for row in candidates} <= {"done"}
    return decisions, {row["candidate"]: row["score"] for row in candidates}


def kept_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder_of(folder / "s.db").iterdir()}


def nothing_is_lost(folder: Path) -> None:
    """Whatever a driver told that it has, the study has."""
    if (folder / "s.db").exists():
        with read_study(folder / "s.db") as study:
            assert all(kept_weights(folder / "s.db", key) for key in study.decided())
    told = re.findall(r"candidate (\w{8}): [\d.e-]+ in ", (folder / "told.txt").read_text())
    if told:
        _, scores = found_in(folder)
        assert set(told) <= {key[:8] for key in scores}
        assert len(told) == len(set(told)), "a candidate was trained twice"


def no_epoch_is_trained_twice(folder: Path) -> None:
    told = [int(each) for each in re.findall(r"epoch (\d+)/", (folder / "told.txt").read_text())]
    assert told == sorted(set(told))


def learned(folder: Path) -> tuple[list[list[str]], dict[str, torch.Tensor]]:
    with (folder / "run" / "metrics.csv").open() as file:
        rows = [row[:-1] for row in csv.reader(file)]  # the last column is the time it took
    return rows, read_weights(folder / "run" / "weights.safetensors")[1]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_searches_killed_at_random_moments_decide_as_an_undisturbed_one(tmp_path: Path, seed: int):
    whole = prepared(tmp_path / "whole")
    begun = time.monotonic()
    assert disturbed(whole, SEARCH, 3600, random.Random(0), 0, nothing_is_lost) == 0
    seconds, chance, kills, number = time.monotonic() - begun, random.Random(seed), 0, 0
    decisions, scores = found_in(whole)
    while kills < KILLS:
        number += 1
        folder = prepared(tmp_path / str(number))
        kills += disturbed(folder, SEARCH, seconds, chance, min(MOST, KILLS - kills), nothing_is_lost)
        now, found = found_in(folder)
        assert now == decisions
        assert all(found[key] == scores[key] for key in found.keys() & scores.keys())
        assert files_of(folder) == files_of(whole)
        assert kept_in(folder) == kept_in(whole)
        print(f"{kills} kills, {number} searches", flush=True)


def test_trainings_killed_at_random_moments_learn_what_an_undisturbed_one_does(tmp_path: Path):
    whole = prepared(tmp_path / "whole")
    begun = time.monotonic()
    assert disturbed(whole, TRAIN, 3600, random.Random(0), 0, no_epoch_is_trained_twice) == 0
    seconds, chance, kills, number = time.monotonic() - begun, random.Random(0), 0, 0
    rows, weights = learned(whole)
    while kills < KILLS:
        number += 1
        folder = prepared(tmp_path / str(number))
        kills += disturbed(
            folder, TRAIN, seconds, chance, min(MOST, KILLS - kills), no_epoch_is_trained_twice
        )
        now, found = learned(folder)
        assert now == rows
        assert all(torch.equal(found[name], weights[name]) for name in weights)
        assert files_of(folder) == files_of(whole)
        print(f"{kills} kills, {number} trainings", flush=True)
