"""A sweep keeps the designs asked for, and writes them whole."""

import csv
import json

import numpy as np
import pytest

from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.transforms.continual import Continual
from search.sweep import sweep as sweep_module
from search.sweep.evaluator import Evaluator
from search.sweep.grid import Grid, parse_axis
from search.sweep.pareto import front
from search.sweep.row_writer import RowFile, csv_of, room_for
from search.sweep.sweep import Sweep

METRICS = ("macs_per_frame", "params", "state_floats")


def sweep_of(*axes, drawn=None, **options):
    evaluator = Evaluator(Network.of("x3d", "S", transforms=[Continual()]), METRICS)
    return Sweep(evaluator, Grid(tuple(parse_axis(each, "--grid") for each in axes), drawn, 1), **options)


def rows_of(found):
    pieces = [piece.rows for piece in found.pieces()]
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in found.columns}


AXES = ("gamma_w=0.5:2:0.1", "gamma_b=1:4:0.5", "d4=1:6")


def test_conditions_keep_the_valid_designs_for_which_all_hold():
    every, some = (
        rows_of(sweep_of(*AXES)),
        rows_of(sweep_of(*AXES, where=("state_floats < 2e6 and params > 1e6", "gamma_b != 2.5"))),
    )
    wanted = (every["state_floats"] < 2_000_000) & (every["params"] > 1_000_000) & (every["gamma_b"] != 2.5)
    assert 0 < wanted.sum() < len(wanted)
    for name, values in some.items():
        assert (values == every[name][wanted]).all()


def test_the_front_of_a_sweep_is_that_of_all_its_rows(monkeypatch):
    monkeypatch.setattr(sweep_module, "PIECE", 100)
    every, some = rows_of(sweep_of(*AXES)), rows_of(sweep_of(*AXES, pareto=("macs_per_frame", "-params")))
    points = np.stack([every["macs_per_frame"], -every["params"]], axis=1)
    kept = front(points)
    assert sorted(some["macs_per_frame"]) == sorted(every["macs_per_frame"][kept])
    assert sorted(some["params"]) == sorted(every["params"][kept])


def test_sums_in_conditions_do_not_overflow():
    found = rows_of(sweep_of("gamma_w=1,2", where=("macs_per_frame ** 4 > 1e12",)))
    assert len(found["valid"]) == 2


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"where": ("parms < 3",)}, r"--where parms < 3: unknown name 'parms' \(did you mean 'params'\?\)"),
        ({"where": ("params <",)}, "--where params <: 'params <' is not an expression"),
        ({"where": ("params + 1",)}, "expected a comparison, such as"),
        ({"pareto": ("macs",)}, "--pareto: unknown 'macs'"),
    ],
)
def test_what_cannot_be_asked_is_refused(options, problem):
    with pytest.raises(OptionError, match=problem):
        sweep_of("gamma_w=1,2", **options)


def test_an_unknown_axis_is_refused():
    with pytest.raises(OptionError, match="gama_w: x3d has no such size"):
        sweep_of("gama_w=1,2")


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
