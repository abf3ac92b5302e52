"""Standard output may be full, closed or cut off: a line says so, or `head` has seen enough."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ANALYZE = [sys.executable, str(ROOT / "cli.py"), "analyze", "x3d_m", "--format", "json"]
HELP = [sys.executable, str(ROOT / "cli.py"), "study", "--help"]


@pytest.mark.parametrize("command", [ANALYZE, HELP], ids=["figures", "help"])
def test_a_full_output_is_told_in_one_line(command: list[str]):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: standard output: cannot be written, no space left on device\n"


def test_full_output_and_error_still_end_with_the_code():
    with Path("/dev/full").open("w") as full:
        assert subprocess.run(ANALYZE, stdout=full, stderr=full, check=False).returncode == 2


@pytest.mark.parametrize("command", [ANALYZE, HELP], ids=["figures", "help"])
def test_what_head_cuts_off_is_no_mistake(command: list[str]):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_output_is_told_in_one_line():
    command = ["bash", "-c", '"$@" >&- <&-', "bash", *ANALYZE]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: standard output: cannot be written, bad file descriptor\n"
