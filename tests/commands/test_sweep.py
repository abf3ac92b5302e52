"""`sweep` prints or writes the designs asked for, and mistakes are one clear line."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cli
from search.sweep.row_writer import csv_of

ROOT = Path(__file__).resolve().parents[2]


def run(capsys, *arguments):
    code = cli.main(["sweep", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_csv_on_standard_output_holds_nothing_else(capsys):
    code, out, _ = run(
        capsys, "x3d_m", "--grid", "frames=4,16", "--metrics", "macs_per_clip", "--format", "csv"
    )
    assert code == 0
    assert out == "frames,macs_per_clip,valid\n4,1184514368,true\n16,4732468736,true\n"


def test_json_leaves_out_the_figures_of_what_is_no_network(capsys):
    _, out, _ = run(capsys, "x3d_m", "--grid", "frames=0.5,4", "--metrics", "params", "--format", "json")
    assert json.loads(out)["rows"] == [
        {"frames": 0.5, "params": None, "valid": False},
        {"frames": 4, "params": 3794322, "valid": True},
    ]


def test_conditions_and_fronts_may_read_figures_that_were_not_asked_for(capsys):
    options = ("--grid", "gamma_w=1,2", "--metrics", "params", "--where", "delay > 0", "--format", "csv")
    _, out, _ = run(capsys, "x3d_m", "--continual", *options)
    assert out.splitlines()[0] == "gamma_w,params,delay,valid"


def test_a_file_is_written_and_said_so(capsys, tmp_path):
    path = tmp_path / "designs.csv"
    options = ("--grid", "gamma_w=0.5:2:0.01", "--random", "5000", "--seed", "1", "--out", str(path))
    code, out, err = run(capsys, "x3d", "--continual", *options)
    assert (code, out) == (0, "")
    assert err == f"5,000 rows of 5,000 designs in {path}\n"
    assert len(path.read_text().splitlines()) == 5001


def test_an_interrupted_sweep_leaves_whole_rows_and_says_how_far_it_got(tmp_path):
    path = tmp_path / "designs.csv"
    options = ["--grid", "gamma_w=0.5:2:0.0001", "--random", "100000000", "--out", str(path)]
    command = [sys.executable, "cli.py", "sweep", "x3d", *options]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (path.exists() and path.stat().st_size):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    note = json.loads((tmp_path / "designs.csv.incomplete").read_text())
    text = path.read_text()
    assert text.endswith("\n")
    assert text.count("\n") == note["rows"] + 1
    done = f"interrupted; {note['designs_done']:,} of 100,000,000 designs are done; {path} holds "
    assert err.splitlines()[-1].startswith(done)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_sweep_asked_to_leave_while_it_writes_writes_the_piece_first(
    tmp_path, monkeypatch, capsys, number: signal.Signals, code: int
):
    def asked(*arguments, **options):
        os.kill(os.getpid(), number)
        return csv_of(*arguments, **options)

    monkeypatch.setattr("search.sweep.row_writer.csv_of", asked)
    path = tmp_path / "designs.csv"
    options = ("--grid", "gamma_w=0.5:2:0.01", "--random", "200000", "--metrics", "params")
    found, _, err = run(capsys, "x3d", *options, "--out", str(path))
    assert found == code
    assert err == (f"interrupted; 131,072 of 200,000 designs are done; {path} holds 131,072 whole rows\n")
    assert len(path.read_text().splitlines()) == 131_073
    note = json.loads((tmp_path / "designs.csv.incomplete").read_text())
    assert note == {"designs_done": 131_072, "designs": 200_000, "rows": 131_072}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ([], "error: --grid: a sweep without axes has no points"),
        (["--grid", "gama_w=1,2"], "error: gama_w: x3d_m has no such size (did you mean 'gamma_w'?)"),
        (["--grid", "gamma_w=2:1"], "error: --grid gamma_w=2:1: no points, 1 is below 2"),
        (["--grid", "gamma_w=1,2", "--metrics", "macs"], "error: --metrics: unknown metric 'macs'"),
        (["--grid", "gamma_w=1,2", "--where", "parms<1"], "error: --where parms<1: unknown name 'parms'"),
        (
            ["--grid", "gamma_w=1,2", "--out", "designs.txt"],
            "error: --out designs.txt: expected a file that ends in",
        ),
        (
            ["--grid", "frames=1:10001", "--format", "json"],
            "error: --format json: more than 10000 rows; use --out",
        ),
        (
            ["--grid", "gamma_w=1,2", "--random", "1e8"],
            "error: --random: '1e8', expected a whole number",
        ),
        (["--range", "gamma_w=1:2"], "error: --range: is for designs drawn at random; add --random N"),
        (
            ["--grid", "gamma_w=1,2", "--metrics", "entropy"],
            "error: entropy: has no sum of products to sweep",
        ),
    ],
)
def test_mistakes_are_one_clear_line(capsys, options, problem):
    code, out, err = run(capsys, "x3d_m", *options)
    assert (code, out) == (2, "")
    assert err.startswith(problem)
    assert err.count("\n") == 1


def test_times_say_how_long_a_model_frame_is(capsys: pytest.CaptureFixture[str]):
    def title(*grid: str) -> str:
        assert cli.main(["sweep", "digits", *grid, "--metrics", "delay"]) == 0
        return capsys.readouterr().out.split("\n")[0]

    assert title("--grid", "crop=16,24").endswith("; times in model frames, each 12 of the camera, 0.4 s")
    assert title("--grid", "crop=16", "--fps", "10").endswith("each 4 of the camera, 0.4 s")
    # gamma_tau is the number of camera frames for each
    assert title("--grid", "gamma_tau=2,5").endswith("; times in model frames")
