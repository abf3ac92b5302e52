"""The file of a study: what is not its own, damaged or in use stays untouched, and a full disk is told."""

import sqlite3
from pathlib import Path

import pytest
from searches import decided, search, untouched

from costmodel.network import Network
from costmodel.spec import document
from search.methods.run import Judging, run
from search.problem.request import Request, prepare
from search.study.spec_text import spec_facts
from search.study.store import StudyError, lock
from search.study.study import open_study


def test_a_study_of_another_version_is_refused_and_untouched(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study)
    with sqlite3.connect(study) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    untouched(study, "is a study of format 99, this tool reads the formats 1 and 2", tiny)


def test_a_damaged_study_is_refused_and_untouched(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study)
    content = bytearray(study.read_bytes())
    content[4096:20000] = b"\xff" * (20000 - 4096)
    study.write_bytes(content)
    untouched(study, "is damaged", tiny)


@pytest.mark.parametrize("content", [b"hello", b"x" * 5000])
def test_a_file_that_is_no_study_is_refused_and_untouched(tiny: Path, tmp_path: Path, content: bytes):
    study = tmp_path / "s.db"
    study.write_bytes(content)
    untouched(study, "is no study, or a damaged one", tiny)


def test_a_study_in_use_by_another_process_is_refused_and_untouched(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study)
    with lock(study):
        untouched(study, "is in use by another process", tiny)


def test_a_full_disk_is_told_in_one_line_and_the_search_goes_on_later(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    found = document(str(tiny))
    ready = prepare(Request(budget="macs_per_clip<=6x"), Network(found))
    with open_study(study, spec_facts(found)) as opened:
        (pages,) = opened.connection.execute("PRAGMA page_count").fetchone()
        opened.connection.execute(f"PRAGMA max_page_count={pages}")
        judging = Judging(ready.problem, ready.score, 0, opened, None, 2, lambda text: None)
        with pytest.raises(StudyError, match="is full; what was kept"):
            list(run(ready.problem, ready.steps, judging, ready.options))
    whole = tmp_path / "whole.db"
    search(tiny, study, budget="macs_per_clip<=6x")
    search(tiny, whole, budget="macs_per_clip<=6x")
    assert decided(study) == decided(whole)
