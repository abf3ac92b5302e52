"""Broken studies are refused in one line each, or shown, exported and drawn."""

import sqlite3
from contextlib import chdir, closing
from pathlib import Path

import pytest
from mutations import mutations
from studies import make_study

from reports.study import trajectory
from search.study.export import export
from search.study.history import candidates_of, correlations, decisions_of, searches_of
from search.study.study import read_study


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a small study, its pages as small as they can be so that mutations meet what is read."""
    folder = tmp_path_factory.mktemp("whole")
    with chdir(folder):
        make_study("--out", ".")
    with closing(sqlite3.connect(folder / "s.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size=1024")
        connection.execute("VACUUM")
    return (folder / "s.db").read_bytes()


def test_broken_studies(tmp_path: Path, whole: bytes, survive, number: int):
    (tmp_path / "out").mkdir()

    def read(path: Path) -> None:
        with read_study(path) as opened:
            searches_of(opened), candidates_of(opened), correlations(opened)
            trajectory(decisions_of(opened))
            for name in ("a.json", "a.csv", "a.yaml"):
                try:
                    export(opened, None, tmp_path / "out" / name)
                finally:
                    (tmp_path / "out" / name).unlink(missing_ok=True)

    read_well, refused = survive(tmp_path / "s.db", mutations(whole, number), read)
    assert read_well > number / 20
    assert refused > number / 4
