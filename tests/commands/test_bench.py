import json

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
