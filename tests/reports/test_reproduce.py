"""The papers' figures: how many come out, what is said of the others, and how they are printed."""

import subprocess
import sys
from pathlib import Path

import pytest

from reports.networks import Networks
from reports.papers import paper, paper_names
from reports.reproduce import COUNTED, counts, reproduce, table_rows

ROOT = Path(__file__).resolve().parents[2]

# How many figures of each paper are exact at least, and open at most. Change these only for the better.
EXACT = {"atfr": 36, "co3d": 123, "d3d": 56, "efficient3d": 131, "movinet": 0, "tsm": 0, "x3d": 143}
OPEN = {"atfr": 4, "co3d": 0, "d3d": 0, "efficient3d": 0, "movinet": 9, "tsm": 0, "x3d": 14}


@pytest.fixture(autouse=True, scope="module")
def networks():
    """Builds each network of the papers once for all tests here."""
    shared = Networks()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reports.reproduce.Networks", lambda: shared)
        yield


@pytest.fixture(scope="module")
def figures(networks):
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
