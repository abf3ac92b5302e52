"""Files of rows: whole at every moment, the same as CSV and as Parquet."""

import csv
import json

import numpy as np
import pytest
from sweeps import METRICS, rows_of, sweep_of

from costmodel.errors import OptionError
from search.sweep import sweep as sweep_module
from search.sweep.row_writer import RowFile, csv_of, room_for


def test_a_finished_file_is_whole_and_has_no_note(tmp_path):
    found, path = sweep_of("frames=0.5,4,8"), tmp_path / "designs.csv"
    with RowFile(path, 3, METRICS) as file:
        for piece in found.pieces():
            file.write(piece.rows, piece.done)
    with path.open() as text:
        rows = list(csv.DictReader(text))
    assert [row["valid"] for row in rows] == ["false", "true", "true"]
    assert (rows[0]["params"], rows[1]["params"]) == ("", "3794322")
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_file_is_whole_and_says_how_far_it_got(tmp_path, monkeypatch):
    monkeypatch.setattr(sweep_module, "PIECE", 10)
    found, path = sweep_of("frames=1:64"), tmp_path / "designs.csv"

    def interrupted():
        with RowFile(path, 64, METRICS) as file:
            for piece in found.pieces():
                file.write(piece.rows, piece.done)
                if piece.done == 30:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text().endswith("\n")
    assert len(path.read_text().splitlines()) == 31
    note = json.loads((tmp_path / "designs.csv.incomplete").read_text())
    assert note == {"designs_done": 30, "designs": 64, "rows": 30}


def test_parquet_holds_the_same_rows_as_csv(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    found, path = sweep_of("frames=0.5,4,8", "gamma_w=1,1.5"), tmp_path / "designs.parquet"
    with RowFile(path, 6, METRICS) as file:
        for piece in found.pieces():
            file.write(piece.rows, piece.done)
    table = parquet.read_table(path).to_pydict()
    rows = rows_of(found)
    assert table["gamma_w"] == rows["gamma_w"].tolist()
    assert table["params"][:2] == [None, None]
    assert table["params"][2:] == rows["params"][2:].tolist()


def test_what_the_disk_cannot_hold_is_refused(tmp_path):
    with pytest.raises(OptionError, match=r"10\d+ designs need about [\d,.]+ GiB, [\d,.]+ GiB are free"):
        room_for(tmp_path / "designs.csv", 10**15, 8)
    with pytest.raises(OptionError, match=r"there is no folder .*nowhere"):
        room_for(tmp_path / "nowhere" / "designs.csv", 1, 8)
    with pytest.raises(OptionError, match=r"expected a file that ends in \.csv or \.parquet"):
        room_for(tmp_path / "designs.txt", 1, 8)


def test_csv_has_one_header():
    rows = {"a": np.array([1.5, 2.0]), "valid": np.array([True, False])}
    assert csv_of(rows, ()) == "a,valid\n1.5,true\n2.0,false\n"
    assert csv_of(rows, (), header=False) == "1.5,true\n2.0,false\n"
