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


def cut(*arguments: str, with_errors: bool = False) -> int:
    """The exit code of a command whose reader has gone, of its notes and errors too if asked for."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, str(ROOT / "cli.py"), *arguments]
    try:
        errors = write if with_errors else subprocess.DEVNULL
        return subprocess.run(command, stdout=write, stderr=errors, check=False).returncode
    finally:
        os.close(write)


@pytest.mark.parametrize(("most", "code"), [("lookahead<=1", 1), ("lookahead<=100", 0)])
def test_a_check_that_nobody_reads_still_says_yes_or_no_by_its_code(most: str, code: int):
    assert cut("check", "x3d_m", "--continual", "--assert", most) == code


def test_a_command_that_cannot_go_on_ends_as_one_that_its_reader_left():
    # notes come ahead of the answer, which is never known
    assert cut("analyze", "x3d_m", "--continual", with_errors=True) == 141


def test_a_closed_output_is_told_in_one_line():
    command = ["bash", "-c", '"$@" >&- <&-', "bash", *ANALYZE]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: standard output: cannot be written, bad file descriptor\n"
