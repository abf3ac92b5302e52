"""What a worker of a cluster checks before it scores a candidate."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from costmodel.network import Network
from costmodel.spec import document
from search.engine import member
from search.score.base import Result, Task


class Counts:
    name, in_worker = "own_counts:Counts", True
    data = SimpleNamespace(key="clips of this machine")

    def __call__(self, task: Task) -> Result:
        return Result(1.0)


@pytest.mark.parametrize(("key", "fails"), [("clips of this machine", False), ("clips of another", True)])
def test_a_worker_whose_folder_holds_other_clips_scores_nothing(
    tiny: Path, monkeypatch, key: str, fails: bool
):
    monkeypatch.setitem(sys.modules, "own_counts", SimpleNamespace(Counts=Counts))
    task = Task("a", Network(document(str(tiny))), Counts.name, {"data": key}, 0)
    outcome = member.score(task, {})
    assert (outcome.result is None) == fails
    reason = "DataError: the data is clips of this machine on this worker, expected clips of another"
    assert outcome.reason == (reason if fails else "")


def test_what_is_installed_names_this_package_to_the_last_file(tmp_path: Path, monkeypatch):
    assert re.fullmatch(r"0\.\d+\.\d+ \([0-9a-f]{8}\)", member.installed()["costmodel"])
    (tmp_path / "search").mkdir()
    (tmp_path / "search" / "a.py").write_text("1")
    monkeypatch.setattr(member.own, "HERE", tmp_path)
    before = member._files()
    (tmp_path / "search" / "a.py").write_text("2")
    assert member._files() != before
