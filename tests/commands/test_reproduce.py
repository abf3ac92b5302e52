"""`reproduce` prints the papers' figures for programs, for people and as documented."""

import csv
import io
import json
from pathlib import Path

import pytest

import cli
from reports.networks import Networks

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True, scope="module")
def networks():
    """Builds each network of the papers once for all tests here."""
    shared = Networks()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reports.reproduce.Networks", lambda: shared)
        patch.setattr("reports.paper_tables.Networks", lambda: shared)
        yield


def test_the_command_prints_the_contracts_json(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["reproduce", "co3d", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    wanted = {"paper", "table", "row", "figure", "published", "computed", "verdict", "reason"}
    assert all(wanted <= each.keys() for each in found["figures"])
    row = next(
        each
        for each in found["figures"]
        if (each["table"], each["row"], each["figure"]) == ("3", "CoX3D-M_64", "FLOPs")
    )
    assert (row["published"], row["computed"], row["verdict"]) == ("325,477", 325476.793, "implied")
    assert found["counts"][0]["exact"] == sum(each["verdict"] == "exact" for each in found["figures"])


def test_rows_are_listed_for_people_as_markdown_and_csv(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["reproduce", "x3d", "--verdict", "close", "--format", "md"]) == 0
    assert "| x3d | 2 | X3D-XS | FLOPs | 0.60 G | 0.605257 | close | cut off" in capsys.readouterr().out
    assert cli.main(["reproduce", "x3d", "--verdict", "close", "--format", "csv"]) == 0
    header, first, *_ = capsys.readouterr().out.splitlines()
    assert header.startswith("paper,table,row,figure,published,computed,verdict,reason,unit,difference")
    assert first.startswith("x3d,2,X3D-XS,FLOPs,0.60,0.605256512,close,")


def test_columns_of_csv_hold_numbers_or_texts(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["reproduce", "efficient3d", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert all(float(row[name]) >= 0 for row in rows for name in ("published", "computed") if row[name])
    assert "1024x1x1x1" in {row["computed_text"] for row in rows}


@pytest.mark.parametrize("format", ["table", "md", "csv", "json"])
def test_a_table_comes_in_every_format(capsys: pytest.CaptureFixture[str], format: str):
    assert cli.main(["reproduce", "--table", "efficient3d:8", "--format", format]) == 0
    out = capsys.readouterr().out
    assert "3D-MobileNetV1 2.0x" in out
    assert "33.34!" in out
    assert "84.96*" in out


def test_the_documented_counts_are_what_the_command_prints(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["reproduce", "--format", "md"]) == 0
    counted, _, _ = capsys.readouterr().out.partition("\n\n")
    assert counted in (ROOT / "docs/reproduce.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["c3d"], "unknown paper 'c3d' (did you mean 'co3d'?)"),
        (["--table", "co3d"], "--table: 'co3d', expected PAPER:TABLE such as co3d:3"),
        (["--table", "co4d:3"], "--table: unknown paper 'co4d' (did you mean 'co3d'?)"),
        (["--table", "co3d:9"], "--table: co3d has no table '9' (known: 1, 2, 3, 4, 5, 6, 7, text)"),
        (["--verdict", "right"], "--verdict: unknown 'right', expected one of exact, close, substituted,"),
        (["x3d", "--table", "x3d:1"], "--table: stands alone, expected no PAPER, --verdict or --all"),
    ],
)
def test_a_wrong_argument_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], error: str):
    assert cli.main(["reproduce", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"error: {error}")
    assert captured.err.count("\n") == 1


def test_a_figure_is_written_with_its_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["reproduce", "--figure", "x3d:2", "--out", str(tmp_path), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {path.name for path in tmp_path.iterdir()} == {"x3d_2.csv", "x3d_2.png", "x3d_2.svg"}
    assert next(each for each in found["points"] if each["label"] == "X3D-M")["x"] == 4.732468736


def test_a_figure_stands_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["reproduce", "x3d", "--figure", "x3d:2", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("error: --figure: stands alone, expected nothing but --study")
    assert cli.main(["reproduce", "--study", str(tmp_path / "s.db")]) == 2
    assert capsys.readouterr().err == "error: --study: is for --figure; expected it too\n"
    arguments = ["--figure", "x3d:2", "--study", str(tmp_path / "s.db"), "--out", str(tmp_path / "out")]
    assert cli.main(["reproduce", *arguments]) == 2
    assert "s.db: there is no study" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
