import json
import re

import own_modules
import pytest

import cli
from costmodel import analyze, continual, load

ARGUMENTS = [
    "bench",
    "x3d",
    "--variant",
    "XS",
    "--set",
    "crop=32",
    "--set",
    "gamma_d=1",
    "--set",
    "gamma_w=0.3",
]


@pytest.mark.filterwarnings("ignore")
def test_bench_draws_and_prints_rows_as_json_and_nothing_else(tmp_path, capsys: pytest.CaptureFixture[str]):
    drawn = ["--draw", str(tmp_path / "beside.svg")]
    arguments = [*ARGUMENTS, "--continual", "--backend", "eager", "--runs", "3", "--format", "json", *drawn]
    assert cli.main(arguments) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert b"<!-- held between frames -->" in (tmp_path / "beside.svg").read_bytes()
    assert [(row["mode"], row["folded"]) for row in rows] == [
        ("clip", False),
        ("clip", True),
        ("continual", True),
    ]
    assert rows[-1].keys() >= {"ratio", "ratio_same_backend", "median_ms", "p95_ms", "per_second", "peak_mib"}


@pytest.mark.filterwarnings("ignore")
def test_a_step_is_measured_beside_the_module_on_each_new_clip(capsys: pytest.CaptureFixture[str]):
    factory = f"{own_modules.__file__}:Causal"
    given = ["bench", factory, "--input", "1x3x4x8x8", "--continual", "--against", factory]
    assert cli.main([*given, "--backend", "eager", "--runs", "3", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["mode"] for row in rows] == ["clip", "clip", "continual", "module"]
    assert rows[-1]["spec"] == factory
    assert rows[2]["ratio_module"] == rows[3]["median_ms"] / rows[2]["median_ms"]


@pytest.mark.filterwarnings("ignore")
def test_chunks_are_measured_together_and_drawn(tmp_path, capsys: pytest.CaptureFixture[str]):
    arguments = [*ARGUMENTS, "--continual", "--chunks", "1,2", "--backend", "eager", "--runs", "2"]
    assert cli.main([*arguments, "--draw", str(tmp_path / "a.svg"), "--format", "json"]) == 0
    steps = [row for row in json.loads(capsys.readouterr().out)["rows"] if row["mode"] == "continual"]
    assert [row["chunk"] for row in steps] == [1, 2]
    assert steps[1]["lookahead"] == steps[0]["lookahead"] + 1
    assert steps[1]["median_ms"] == 2 * steps[1]["ms_per_frame"]
    assert (tmp_path / "a.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--chunks", "2"], "--chunks: .* is run on clips; add --continual"),
        (["--continual", "--chunks", "2,x"], "--chunks: '2,x', expected numbers of frames"),
        (["--draw", "a.png"], "--draw: draws one network as a stream beside its clips, with --continual; or"),
    ],
)
def test_chunks_that_cannot_be_measured_are_refused(given, message, capsys: pytest.CaptureFixture[str]):
    assert cli.main([*ARGUMENTS, *given]) == 2
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.filterwarnings("ignore")
def test_a_profile_tells_kinds_of_layers_beside_their_bounds(capsys: pytest.CaptureFixture[str]):
    arguments = [
        *ARGUMENTS,
        "--continual",
        "--backend",
        "eager",
        "--runs",
        "2",
        "--profile",
        "--format",
        "json",
    ]
    assert cli.main(arguments) == 0
    rows = json.loads(capsys.readouterr().out)["profile"]
    by_kind = {row["kind"]: row for row in rows}
    assert {"conv, pointwise", "conv, in groups", "linear", "delay"} <= by_kind.keys()
    assert all(row["ms_per_frame"] > 0 for row in rows if row["bytes"])
    analysed = analyze(continual(load("x3d", variant="XS", crop=32, gamma_d=1, gamma_w=0.3)))
    assert sum(row["macs"] for row in rows) == analysed.totals["macs_per_frame"]
    assert by_kind["conv, pointwise"]["bound_ms"] > 0
    assert cli.main([*ARGUMENTS, "--profile"]) == 2
    assert "--profile: is of steps; add --continual" in capsys.readouterr().err
