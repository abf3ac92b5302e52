import pytest

from costmodel.analysis.metrics import METRICS
from reports.html.parts import Cell, Column, Grid, definitions, shown


def test_every_figure_has_a_definition_of_one_line():
    found = definitions(METRICS)
    assert all(each.meaning and "\n" not in each.meaning for each in found.values())
    assert found["macs_per_frame"].source.startswith("Hedegaard 2022, eq. 4")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1,234,567"),
        (1234.56, "1,234.6"),
        (2.885, "2.885"),
        (float("inf"), "unbounded"),
        (None, "-"),
    ],
)
def test_a_figure_is_shown_whole_or_to_few_digits(value: float | None, text: str):
    assert shown(value) == text


def test_a_cell_says_nothing_but_what_it_must():
    grid = Grid((Column("layer", is_number=False), Column("macs")), [], "layers")
    assert grid.attributes(0, Cell("conv")) == " class=s"
    assert grid.attributes(1, Cell("5", 0.5)) == ' style="--p:50%"'
    assert grid.attributes(1, Cell("0")) == " class=z"
    assert grid.attributes(1, Cell("5")) == ""
