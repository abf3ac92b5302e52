"""Workers begin with what they need loaded, and with the environment of their driver."""

import os
from multiprocessing import forkserver
from pathlib import Path

import pytest

from costmodel.network import Network
from costmodel.spec import document
from search.engine import begin
from search.engine.local import LocalEngine
from search.score.base import Task

SCORE = """
import os, sys
from search.score.base import Result

LOADED = {"torch", "search.train.loop"} <= set(sys.modules)

class Began:
    in_worker = True
    def __call__(self, task):
        return Result(1.0, measured={
            "loaded": LOADED, "sklearn": "sklearn" in sys.modules,
            "said": os.environ.get("OF_THE_DRIVER"), "threads": os.environ["OMP_NUM_THREADS"],
        })
"""


@pytest.fixture
def began(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What a worker found as it began."""
    (tmp_path / "own_began.py").write_text(SCORE)
    monkeypatch.syspath_prepend(str(tmp_path))

    def found():
        engine = LocalEngine(1, {})
        try:
            engine.submit(Task("a", Network(document(str(tiny))), "own_began:Began", {}, 0))
            return engine.next_outcome().result.measured
        finally:
            engine.close()

    return found


def test_a_worker_begins_with_what_training_needs(began, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    found = began()
    assert found["loaded"]
    assert not found["sklearn"]
    assert found["threads"] == "1"


def test_what_workers_need_is_loaded_while_the_driver_gets_ready(began, monkeypatch: pytest.MonkeyPatch):
    begin.load_ahead()
    begun = forkserver._forkserver._forkserver_pid
    assert begun is not None
    assert began()["loaded"]
    assert forkserver._forkserver._forkserver_pid == begun


def test_a_worker_has_the_environment_of_its_driver_now(began, monkeypatch: pytest.MonkeyPatch):
    began()  # from here on there is a process of which workers are copies
    monkeypatch.setenv("OF_THE_DRIVER", "now")
    assert began()["said"] == "now"
    assert "OF_THE_DRIVER" in os.environ


def test_the_driver_keeps_its_search_path(began, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    began()
    assert "PYTHONPATH" not in os.environ
    monkeypatch.setenv("PYTHONPATH", "mine")
    began()
    assert os.environ["PYTHONPATH"] == "mine"
