"""Which accuracies can be measured, and how they are shown."""

import pytest

from reports.measured import Measured, measurable, page
from reports.papers import paper, paper_names
from search.train.evaluate import views_of


@pytest.mark.parametrize("name", ["co3d", "d3d", "efficient3d", "movinet", "tsm", "x3d"])
def test_papers_say_how_their_accuracies_are_measured(name: str):
    assert name in paper_names()
    found = [cell for table in paper(name).tables.values() for cell in measurable(table)]
    assert found
    for cell in found:
        assert cell.claim == "measured", cell.place
        assert views_of(cell.text("clips") or "1x1")


def test_what_was_measured_is_shown_with_its_error():
    cell = next(measurable(paper("co3d").tables["1"]))
    shown = page([Measured(cell, "views 1x1", "w.pt", 63.5, 0.34, 19_800, 7), Measured(cell)])
    lines = shown.render("md").splitlines()
    assert lines[2] == (
        "| I3D-R50 | accuracy | 63.98 | 63.50 | 0.34 | -0.48 "
        "| views 1x1, 19,800 videos, 7 of them shorter | w.pt |"
    )
    assert "not measured: no weights" in lines[3]
