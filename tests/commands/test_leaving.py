"""A search or a training that is asked to leave says how to go on, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from studies import SEARCH, SPEC

import cli
from commands.leaving import Left, leaving
from commands.train import how_to_go_on

ROOT = Path(__file__).resolve().parents[2]
LONG = ["--score", "train", "--with", "data=digits:train=200,val=20", "--with", "epochs=2000"]


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(SPEC)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_search_says_how_to_go_on_and_does(number: signal.Signals, code: int, monkeypatch, capsys):
    with monkeypatch.context() as patched:
        patched.setattr("search.methods.run.run", lambda *_: os.kill(os.getpid(), number))
        assert cli.main([*SEARCH]) == code
    told = capsys.readouterr().err.splitlines()
    assert told[-1] == "interrupted; the same command goes on from what s.db holds"
    assert sorted(path.name for path in Path().iterdir()) == ["net.yaml", "s.db"]


def test_a_training_says_whether_it_goes_on_or_begins_anew(tmp_path: Path):
    assert how_to_go_on(tmp_path) == "no epoch was saved yet: the same command begins anew"
    (tmp_path / "checkpoint.pt").touch()
    assert how_to_go_on(tmp_path) == f"the same command goes on from {tmp_path / 'checkpoint.pt'}"


@pytest.mark.slow
def test_a_search_that_trains_leaves_no_worker():
    command = [sys.executable, str(ROOT / "cli.py"), *SEARCH, *LONG, "--workers", "2"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    own, deadline = psutil.Process(process.pid), time.monotonic() + 60
    while time.monotonic() < deadline and len(workers := own.children()) < 3:  # with what watches over them
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert told.splitlines()[-1] == "interrupted; the same command goes on from what s.db holds"
    assert process.returncode == 143
    assert psutil.wait_procs(workers, timeout=20)[1] == []
    assert sorted(path.name for path in Path().iterdir()) == ["net.yaml", "s.db"]


def test_what_is_inside_is_closed_first_and_a_second_signal_does_not_disturb(capsys):
    told: list[str] = []

    def told_how() -> str:
        told.append("asked")
        return "go on"

    def run() -> None:
        with leaving(told_how):
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(5)
            finally:
                os.kill(os.getpid(), signal.SIGINT)
                told.append("closed")

    with pytest.raises(Left) as left:
        run()
    assert left.value.code == 143
    assert told == ["closed", "asked"]
    assert capsys.readouterr().err == "interrupted; go on\n"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
