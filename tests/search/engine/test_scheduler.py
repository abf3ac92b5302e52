"""A cluster that is not there, in one line each."""

import sys
from pathlib import Path

import pytest

import cli
from costmodel.errors import OptionError
from search.engine.scheduler import Scheduler


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--engine", "dask"], "--engine dask: which cluster? Expected --scheduler tcp://HOST:PORT"),
        (["--scheduler", "tcp://127.0.0.1:9"], "--scheduler: is for --engine dask"),
        (
            ["--engine", "dask", "--scheduler", "no.json"],
            "--scheduler no.json: there is no such file",
        ),
        (
            ["--engine", "dask", "--scheduler", "nonsense"],
            "--scheduler nonsense: is no address, expected the address that `dask scheduler` printed, such "
            "as tcp://HOST:8786",
        ),
        (
            ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:9"],
            "--scheduler tcp://127.0.0.1:9: no scheduler answers there (OSError); expected the address that "
            "`dask scheduler` printed, such as tcp://HOST:8786",
        ),
    ],
)
def test_a_cluster_that_is_not_there_is_one_line(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, options, line: str
):
    monkeypatch.setattr("search.engine.scheduler.ANSWERS_IN", 0.3)
    searched = ["search", str(tiny), "--budget", "macs_per_clip<=3x", "--score", "synflow"]
    assert cli.main([*searched, "--study", str(tmp_path / "s.db"), *options]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {line}"
    assert not (tmp_path / "s.db").exists()


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(
        OptionError, match=r"^--engine dask: needs dask.distributed: pip install 'costmodel\[cluster\]'$"
    ):
        Scheduler("tcp://127.0.0.1:9")
