"""A paper's tables from our figures hold every row, and mark what is not ours or differs."""

import pytest

from reports.networks import Networks
from reports.paper_tables import table_rows
from reports.papers import paper, paper_names


@pytest.fixture(autouse=True, scope="module")
def networks():
    """Builds each network of the papers once for all tests here."""
    shared = Networks()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reports.paper_tables.Networks", lambda: shared)
        yield


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


def test_a_figure_that_something_else_gives_is_marked():
    _, _, rows, _ = table_rows("atfr:10")
    assert rows[0]["GFLOPs (G)"] == "131.4!"
    assert rows[1]["GFLOPs (G)"] == "87.8*"
    _, _, rows, _ = table_rows("x3d:2")
    assert rows[-1]["FLOPs (G)"] == "143.5"
