"""`check` on the command line, and the hook and the job of docs/ci that call it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import cli

ROOT = Path(__file__).resolve().parents[2]
# wide enough for 4 MiB of state to be too little
WIDE = ("channels: 8", "channels: 800000")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose network is network.yaml, with a main branch to compare with."""
    (tmp_path / "network.yaml").write_text(
        "name: mine\ninput: {channels: 3, time: 8, height: 8, width: 8}\n"
        "network:\n- conv: {channels: 8, kernel: [3, 3, 3]}\n- global_pool\n- linear: {channels: 4}\n"
    )
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=me", "-c", "user.email=me@here", "commit", "--quiet", "-m", "First")
    git(tmp_path, "update-ref", "refs/remotes/origin/main", "main")
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    command = tools / "costmodel"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "cli.py"} "$@"\n')
    command.chmod(0o755)
    path = f"{tools}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


def widen(folder: Path) -> None:
    spec = folder / "network.yaml"
    spec.write_text(spec.read_text().replace(*WIDE))


def test_the_job_passes_what_keeps_its_limits_and_tells_what_does_not(repository: Path):
    steps = yaml.safe_load((ROOT / "docs/ci/workflow.yml").read_text())["jobs"]["costmodel"]["steps"]
    run = "\n".join(each["run"] for each in steps if each.get("name", "Install") != "Install")

    def job() -> subprocess.CompletedProcess[str]:
        command = ["bash", "-e", "-c", run]
        return subprocess.run(
            command, cwd=repository, env=environment(repository), capture_output=True, text=True, check=False
        )

    done = job()
    assert (done.returncode, (repository / "summary.md").read_text()) == (0, "no difference\n")
    widen(repository)
    done = job()
    assert done.returncode == 1
    assert "mine: state_bytes is 411.987 MiB, over 4 MiB (103 times)" in done.stderr
    assert "mine: params was 684, is " in done.stderr
    assert "| changed | conv | channels 8 -> 800000 |" in (repository / "summary.md").read_text()


def test_the_hook_refuses_a_commit_that_breaks_a_limit(repository: Path):
    shutil.copy(ROOT / "docs/ci/pre-commit-config.yaml", repository / ".pre-commit-config.yaml")
    git(repository, "add", ".pre-commit-config.yaml")

    def hook() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
        return subprocess.run(
            command, cwd=repository, env=environment(repository), capture_output=True, text=True, check=False
        )

    done = hook()
    assert done.returncode == 0, done.stdout + done.stderr
    widen(repository)
    done = hook()
    assert done.returncode == 1
    assert "state_bytes is 411.987 MiB, over 4 MiB" in done.stdout


def test_the_hook_for_other_repositories_calls_a_command_that_there_is():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"].split() == ["costmodel", "check"]


def test_an_answer_is_an_exit_code_and_data(capsys: pytest.CaptureFixture[str]):
    limits = ["--assert", "state_bytes<=4MiB", "--assert", "params>=1M"]
    assert cli.main(["check", "digits", "--continual", *limits, "--format", "json"]) == 1
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["holds"] is False
    assert [(each["figure"], each["value"], each["holds"]) for each in found["checks"]] == [
        ("state_bytes", 25_088, True),
        ("params", 16_412, False),
    ]
    assert err.splitlines()[-1] == "digits: params is 16.412 k, under 1 M (60.9 times)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "check: nothing to check; expected --assert METRIC<=AMOUNT, or --baseline FILE"),
        (
            ["--tolerance", "1%"],
            "check: nothing to check; expected --assert METRIC<=AMOUNT, or --baseline FILE",
        ),
        (
            ["--assert", "params<=1M", "--tolerance", "1%"],
            "--tolerance: is of a baseline; add --baseline FILE",
        ),
        (["--assert", "params<=2x"], "--assert params<=2x: a multiple, expected an amount"),
        (["--assert", "parms<=2"], "--assert parms<=2: unknown metric 'parms' (did you mean 'params'?)"),
        (["--assert", "params"], "--assert params: expected METRIC<=AMOUNT, such as macs_per_clip<=2GMAC"),
        (
            ["--assert", "lookahead<=100ms"],
            "--assert lookahead_seconds<=100ms: lookahead_seconds needs the rate of the camera; add --fps, "
            "such as --fps 30",
        ),
    ],
)
def test_wrong_input_is_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["check", "digits", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"error: {message}\n")
