"""The papers' figures: how many come out, what is said of the others, and how they are printed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from reports.papers import paper, paper_names
from reports.reproduce import COUNTED, counts, reproduce, table_rows

ROOT = Path(__file__).resolve().parents[2]

# How many figures of each paper are exact at least, and open at most. Change these only for the better.
EXACT = {"atfr": 34, "co3d": 123, "d3d": 56, "efficient3d": 131, "x3d": 143}
OPEN = {"atfr": 35, "co3d": 0, "d3d": 1, "efficient3d": 0, "x3d": 14}


@pytest.fixture(scope="module")
def figures():
    return reproduce()


@pytest.mark.parametrize("name", EXACT)
def test_as_many_figures_as_ever_are_exact(name: str, figures: list):
    found = counts(figure for figure in figures if figure.cell.paper == name)
    assert found["exact"] >= EXACT[name]
    assert found["open"] <= OPEN[name]


def test_every_paper_is_pinned():
    assert set(paper_names()) == set(EXACT) == set(OPEN)


def test_every_figure_that_is_not_exact_has_one_line_of_reason(figures: list):
    for figure in figures:
        if figure.verdict in COUNTED[1:]:
            assert figure.reason, figure.cell.place
            assert not figure.reason.startswith("off by"), figure.cell.place
            assert "\n" not in figure.reason
            assert "unexplained" not in figure.reason, figure.cell.place


def test_no_claim_is_stale(figures: list):
    stale = [each.cell.place for each in figures if each.verdict == "exact" and each.cell.claim]
    assert stale == []


def test_a_figure_counts_once(figures: list):
    places = [each.cell.place for each in figures]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("name", paper_names())
def test_every_table_of_a_paper_is_printed(name: str):
    for table in paper(name).tables:
        title, columns, rows, figures = table_rows(f"{name}:{table}")
        assert table in title
        assert columns[0] == "row"
        assert len(rows) == len(paper(name).tables[table].rows)
        assert figures


def test_a_table_holds_our_figures_and_marks_the_others():
    _, _, rows, _ = table_rows("co3d:1")
    row = next(row for row in rows if row["row"] == "SlowFast-8x8-R50")
    assert row["params (M)"] == "34.57!"
    assert row["FLOPs (G)"] == "66.25"
    assert row["accuracy (%)"] == "68.45*"


def test_the_command_prints_the_contracts_json(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["reproduce", "co3d", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    wanted = {"paper", "table", "row", "figure", "published", "computed", "verdict", "reason"}
    assert all(wanted <= each.keys() for each in found["figures"])
    row = next(each for each in found["figures"] if (each["table"], each["row"]) == ("3", "CoX3D-M_64"))
    row = next(
        each
        for each in found["figures"]
        if (each["table"], each["row"], each["figure"]) == ("3", "CoX3D-M_64", "FLOPs")
    )
    assert (row["published"], row["computed"], row["verdict"]) == ("325,477", 325476.793, "exact")
    assert found["counts"][0]["exact"] == sum(each["verdict"] == "exact" for each in found["figures"])


def test_rows_are_listed_for_people_as_markdown_and_csv(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["reproduce", "x3d", "--verdict", "close", "--format", "md"]) == 0
    assert "| x3d | 2 | X3D-XS | FLOPs | 0.60 G | 0.605257 | close | cut off" in capsys.readouterr().out
    assert cli.main(["reproduce", "x3d", "--verdict", "close", "--format", "csv"]) == 0
    header, first, *_ = capsys.readouterr().out.splitlines()
    assert header.startswith("paper,table,row,figure,published,computed,verdict,reason,unit,difference")
    assert first.startswith("x3d,2,X3D-XS,FLOPs,0.60,0.605256512,close,")


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
        (["--verdict", "right"], "--verdict: unknown 'right', expected one of exact, close, refuted,"),
        (["x3d", "--table", "x3d:1"], "--table: stands alone, expected no PAPER, --verdict or --all"),
    ],
)
def test_a_wrong_argument_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], error: str):
    assert cli.main(["reproduce", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"error: {error}")
    assert captured.err.count("\n") == 1


def test_all_papers_take_less_than_ten_seconds_and_no_torch():
    program = (
        "import sys, time, cli; start = time.process_time(); code = cli.main(['reproduce']);"
        "slow = {'torch', 'pandas', 'matplotlib', 'sympy', 'networkx'} & set(sys.modules);"
        "print(slow or 'none', time.process_time() - start < 10, code, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr.split()[-3:] == ["none", "True", "0"]
