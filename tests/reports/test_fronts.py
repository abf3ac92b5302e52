"""The fronts: no point of one is beaten, and figures are those of the network named."""

from pathlib import Path

import pytest

import cli
from reports import fronts_page
from reports.fronts import Point, best_within, figures_of, front_of, fronts
from reports.fronts_drawing import staircase
from reports.fronts_families import FAMILIES, Family, Place, Released, Space

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIXED = ("frames=16", "depth=1", "expansion=6", "kernel_time=3")
TINY = (
    Family(
        "MobileNets",
        [Space(Place("mobilenet_v2_3d"), ("width=0.2,0.5", "crop=32,64", *FIXED))],
        [Released(Place("mobilenet_v2_3d", None, {"crop": 32}), "1.0x", FAMILIES[3].released[-1].top_1)],
        "Kinetics-600",
    ),
    Family(
        "TSM",
        [
            Space(
                Place("tsm", "mobilenet_v2-online"),
                ("share=8", "crop=32", "frames=8", "blocks3=6", "channels=64", "wide=1"),
            )
        ],
    ),
)


def point(macs: float, state: float, entropy: float) -> Point:
    return Point(Place("x3d"), {"macs_per_frame": macs, "state_floats": state, "entropy": entropy})


POINTS = [point(3, 1, 9), point(1, 5, 4), point(2, 6, 4), point(1, 5, 3), point(2, 2, 4)]


def test_a_front_holds_what_no_other_point_beats():
    assert front_of(POINTS) == [POINTS[1], POINTS[4], POINTS[0]]


def test_the_best_within_two_limits_keeps_both():
    assert best_within(POINTS, 2, 3) == POINTS[4]
    assert best_within(POINTS, 1, 1) is None


def test_a_line_rises_with_cost():
    assert staircase(POINTS, 0) == [(1, 4), (3, 9)]
    assert staircase(POINTS, 1) == [(1, 9)]


def test_a_point_has_the_figures_of_its_network():
    (found, _) = fronts(TINY)
    assert found.designs == 4
    for each in found.front:
        alone = figures_of(each.place)
        assert each.figures == pytest.approx({name: alone[name] for name in each.figures})


def test_a_published_accuracy_is_the_papers():
    (found, other) = fronts(TINY)
    assert [(each.label, each.top_1) for each in found.published] == [("1.0x", "50.65")]
    assert other.published == []


def test_the_command_writes_the_page_and_its_drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fronts_page, "FAMILIES", TINY)
    monkeypatch.setattr(fronts_page, "BUDGETS", ((1e7, 1e6), (1.0, 1.0)))
    assert cli.main(["report", "fronts", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "fronts.md").read_text()
    assert "| 10,000,000 | 1,000,000 | MobileNets |" in page
    assert "| 1 | 1 | TSM | - |" in page
    assert (tmp_path / "images" / "fronts.png").stat().st_size > 10_000


@pytest.mark.slow
def test_the_page_of_the_docs_is_up_to_date(tmp_path: Path):
    assert cli.main(["report", "fronts", "--out", str(tmp_path)]) == 0
    assert (DOCS / "fronts.md").read_text() == (tmp_path / "fronts.md").read_text(), (
        "report fronts --out docs"
    )
