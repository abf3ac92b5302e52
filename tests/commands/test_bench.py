import json

import own_modules
import pytest

import cli

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
def test_bench_prints_rows_as_json_and_nothing_else(capsys: pytest.CaptureFixture[str]):
    arguments = [*ARGUMENTS, "--continual", "--backend", "eager", "--runs", "3", "--format", "json"]
    assert cli.main(arguments) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
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
