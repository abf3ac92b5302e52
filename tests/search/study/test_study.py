"""The study: killed at any moment it resumes to the same decisions; what is not its own stays untouched."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from searches import decided, search, untouched
from studies import as_format_1

from costmodel.network import Network
from costmodel.spec import document
from costmodel.transforms.continual import Continual
from search.methods.run import Judging, run
from search.problem.request import Request, prepare
from search.study.history import (
    candidates_of,
    form_of,
    searches_of,
)
from search.study.spec_text import spec_facts
from search.study.study import open_study, read_study

ROOT = Path(__file__).resolve().parents[3]
SEARCH = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from costmodel.network import Network
from costmodel.spec import document
from search.problem.request import Request, prepare
from search.methods.run import Judging, run
from search.study.study import open_study
from search.study.spec_text import spec_facts
spec, study = document(sys.argv[2]), Path(sys.argv[3])
ready = prepare(Request(budget="macs_per_clip<=40x"), Network(spec))
print("ready", flush=True)
with open_study(study, spec_facts(spec)) as opened:
    judging = Judging(ready.problem, ready.score, 0, opened, None, 2, lambda text: None)
    for _ in run(ready.problem, ready.steps, judging, ready.options):
        pass
print("done", flush=True)
"""


def test_killed_at_many_random_moments_it_ends_as_undisturbed(tiny: Path, tmp_path: Path):
    """Each process is killed at a random moment after it has loaded; the last one may end."""
    undisturbed, disturbed = tmp_path / "whole.db", tmp_path / "killed.db"
    started = time.monotonic()
    search(tiny, undisturbed)
    span, chance = time.monotonic() - started, random.Random(0)
    kills = 0
    for _ in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", SEARCH, str(ROOT), str(tiny), str(disturbed)], stdout=subprocess.PIPE
        )
        with process:
            process.stdout.readline()
            time.sleep(chance.uniform(0, span / 2))
            process.send_signal(signal.SIGKILL)
        kills += process.returncode == -signal.SIGKILL
    search(tiny, disturbed)
    assert kills >= 3
    assert decided(disturbed) == decided(undisturbed)
    with read_study(disturbed) as opened:
        candidates = candidates_of(opened)
        assert [row["attempts"] for row in candidates] == [1] * len(candidates)
        assert len({row["candidate"] for row in candidates}) == len(candidates)
        assert len(searches_of(opened)) == 1


class Breaking:
    """A connection that breaks at one statement, as when the power fails."""

    def __init__(self, connection: sqlite3.Connection, left: int) -> None:
        self.connection, self.left = connection, left

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def execute(self, *arguments):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return self.connection.execute(*arguments)


@pytest.mark.parametrize("statement", [1, 2, 4, 7, 9, 12, 16, 25, 40])
def test_broken_off_at_any_statement_it_goes_on(tiny: Path, tmp_path: Path, statement: int):
    whole, broken = tmp_path / "whole.db", tmp_path / "broken.db"
    search(tiny, whole, budget="macs_per_clip<=6x")
    found = document(str(tiny))
    ready = prepare(Request(budget="macs_per_clip<=6x"), Network(found))
    with open_study(broken, spec_facts(found)) as opened:
        opened.connection = Breaking(opened.connection, statement)
        judging = Judging(ready.problem, ready.score, 0, opened, None, 2, lambda text: None)
        with pytest.raises(KeyboardInterrupt):
            list(run(ready.problem, ready.steps, judging, ready.options))
    search(tiny, broken, budget="macs_per_clip<=6x")
    assert decided(broken) == decided(whole)


def test_the_same_command_resumes_and_scores_nothing_twice(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    first = search(tiny, study)
    again = search(tiny, study)
    assert not any(known for _, known in first)
    assert all(known for _, known in again)
    with read_study(study) as opened:
        assert all(row["attempts"] == 1 for row in candidates_of(opened))


def test_another_search_in_the_study_reuses_its_candidates(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study, budget="macs_per_clip<=6x")
    with read_study(study) as opened:
        before = len(candidates_of(opened))
    search(tiny, study, budget="macs_per_clip<=5.9x")
    with read_study(study) as opened:
        after = candidates_of(opened)
        assert len(searches_of(opened)) == 2
    assert len({row["candidate"] for row in after}) == len(after)
    assert len(after) - before <= 4  # the contraction alone is new


def test_a_study_of_another_spec_is_refused_and_untouched(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study)
    tiny.write_text(tiny.read_text().replace("channels: 10", "channels: 11"))
    untouched(study, "is a study of another spec, tiny (", tiny)


def test_a_study_of_format_1_is_read_and_never_written(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study, [Continual(pool=4)])
    before = decided(study)
    as_format_1(study)
    assert decided(study) == before
    with read_study(study) as opened:
        assert opened.format == 1
        assert {form_of(row) for row in candidates_of(opened)} == {"--continual --pool 4"}
    untouched(study, "is a study of format 1, which is only read, by `study show` and `study export`", tiny)
