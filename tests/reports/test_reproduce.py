"""The papers' figures: how many come out, what is said of the others, and how they are printed."""

import subprocess
import sys
from pathlib import Path

import pytest

from reports.papers import paper_names
from reports.reproduce import counts, reproduce
from reports.verdicts import VERDICTS

ROOT = Path(__file__).resolve().parents[2]

# How many figures of each paper have each verdict. A change of these is a change of what we claim: say why.
COUNTS = {
    "atfr": (25, 11, 1, 46, 4, 3, 29, 138),
    "co3d": (130, 1, 1, 10, 21, 0, 3, 169),
    "d3d": (46, 1, 3, 6, 5, 8, 14, 53),
    "efficient3d": (128, 3, 2, 0, 9, 0, 0, 106),
    "movinet": (0, 0, 0, 0, 0, 9, 0, 9),
    "tsm": (0, 0, 0, 0, 0, 0, 0, 12),
    "x3d": (219, 9, 2, 4, 13, 12, 61, 136),
}


@pytest.fixture(scope="module")
def figures():
    return reproduce()


@pytest.mark.parametrize("name", COUNTS)
def test_as_many_figures_as_are_told_have_each_verdict(name: str, figures: list):
    found = counts(figure for figure in figures if figure.cell.paper == name)
    assert tuple(found[verdict] for verdict in VERDICTS) == COUNTS[name]


def test_every_paper_is_pinned():
    assert set(paper_names()) == set(COUNTS)


def test_every_figure_has_one_line_of_reason(figures: list):
    for figure in figures:
        assert figure.reason, figure.cell.place
        assert not figure.reason.startswith("off by"), figure.cell.place
        assert not set("\n{}") & set(figure.reason), figure.cell.place
        assert "unexplained" not in figure.reason, figure.cell.place


def verdict_of(figures: list, *place: str) -> tuple[str, str, str]:
    """The verdict on a figure, ours, and the reason."""
    (found,) = (
        each
        for each in figures
        if (each.cell.paper, each.cell.table, each.cell.row, each.cell.figure) == place
    )
    return found.verdict, found.longer, found.reason


def test_what_is_called_r2plus1d_is_refuted_by_its_own_cost(figures: list):
    verdict, ours, reason = verdict_of(figures, "atfr", "4", "R(2+1)D, 32 frames", "GFLOPs")
    assert (verdict, ours) == ("refuted", "324.151")
    assert reason == "what C2D-R18 costs, whose kernels see one frame: 46.5256"
    verdict, _, reason = verdict_of(figures, "atfr", "4", "R(2+1)D+ATFR, 32 frames", "GFLOPs")
    assert (verdict, reason) == (
        "implied",
        "a mean of 15.97 of 32 active bins; of C2D, which the row above costs and which pools pairs of "
        "frames; R(2+1)D-18 costs 197.497 with a single one",
    )


@pytest.mark.parametrize(
    ("place", "ours", "theirs"),
    [
        (("d3d", "4", "3D-ResNet-18", "params"), "33.3379", "33.2353"),
        (("d3d", "4", "3D-ResNet-50", "params"), "44.6518", "44.242"),
        (("d3d", "4", "3D-ResNet-101", "params"), "83.6979", "83.2881"),
        (("efficient3d", "8", "I3D", "params"), "12.9023", "12.6973"),
        (("x3d", "5", "X3D-M", "params"), "4.16834", "3.75874"),
    ],
)
def test_parameters_for_other_classes_are_refuted(figures: list, place: tuple, ours: str, theirs: str):
    verdict, found, reason = verdict_of(figures, *place)
    assert (verdict, found) == ("refuted", ours)
    assert reason.endswith(f": {theirs}")


def test_one_number_of_active_bins_explains_a_table(figures: list):
    for row, mean in (("First Conv", "5.72"), ("Res2", "5.77"), ("Res3", "5.65")):
        verdict, _, reason = verdict_of(figures, "atfr", "6", row, "GFLOPs")
        assert verdict == "implied"
        assert reason == (
            f"a mean of {mean} of 13 active bins; "
            "5.77 to 6.06 give all 5 figures of X3D-S on Mini-Kinetics, cut off or rounded; 6 does"
        )


def test_what_is_printed_of_the_lstm_agrees_with_itself_alone(figures: list):
    verdict, ours, reason = verdict_of(figures, "d3d", "4", "D-ResNet-18, LSTM", "MFLOPs")
    assert (verdict, ours) == ("open", "757.126")
    assert reason.endswith("845.4")


def test_the_widest_factor_is_refuted_by_what_it_costs(figures: list):
    verdict, ours, reason = verdict_of(figures, "x3d", "3, captions", "(c) X3D-XL", "gamma_w")
    assert (verdict, ours) == ("refuted", "1.45")
    assert "139.497 G and 38.1883 M" in reason


def test_pools_are_shares_of_the_state_that_an_equation_gives_as_printed(figures: list):
    row = "state of squeeze-excite pools over the clip in percent"
    verdict, _, reason = verdict_of(figures, "co3d", "text", "appendix A", row)
    assert verdict == "refuted"
    assert "6,258,096, which is eq. 8 as printed: 5,279,664 and" in reason
    assert "978,432 more" in reason


def test_no_claim_is_stale(figures: list):
    stale = [each.cell.place for each in figures if each.verdict == "exact" and each.cell.claim]
    assert stale == []


def test_a_figure_counts_once(figures: list):
    places = [each.cell.place for each in figures]
    assert len(places) == len(set(places))


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
