"""Comparisons: figures are those of `analyze`, ratios are to the first, drawings hold every network."""

import pytest

from commands.command import network_of
from costmodel.analysis.cost import analyze
from costmodel.errors import OptionError
from costmodel.network import Network
from reports.compare import Compared, check_figures, draw, page
from reports.tables import csv_text

LINES = ("digits", "digits --continual", "x2d --set frames=4 --set crop=64 --continual")


@pytest.fixture(scope="module")
def found() -> list[Compared]:
    return [Compared.of(network_of(line)) for line in LINES]


def test_each_network_has_its_own_line_of_options(found):
    assert [each.line for each in found] == list(LINES)
    alone = analyze(Network.of("digits").continual().graph())
    assert found[1].totals == alone.totals
    assert found[1].mode == "continual"


def test_ratios_are_to_the_first_and_none_where_that_has_none(found):
    first, stream, other = found
    assert other.ratios_to(first)["params"] == other.totals["params"] / first.totals["params"]
    assert other.ratios_to(stream)["state_bytes"] == other.totals["state_bytes"] / 25_088
    assert other.ratios_to(first)["state_bytes"] is None


def test_the_sheet_has_exact_figures_and_numbers_alone(found):
    text = page(found).render("csv")
    header, *lines = [line.split(",") for line in text.splitlines()]
    at = header.index("macs_per_frame")
    assert [int(line[at]) for line in lines] == [each.totals["macs_per_frame"] for each in found]
    assert [float(value) for line in lines for value in line[2:] if value]


def test_unbounded_is_a_number_of_csv():
    assert csv_text([{"a": float("inf")}, {"a": 2}], ["a"]) == "a\ninf\n2\n"


def test_a_drawing_marks_each_network_that_has_both_figures(found):
    (axes,) = draw(found, "macs_per_frame", "state_bytes").axes
    drawn = {line.get_label(): (line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines}
    assert drawn["digits --continual"] == (105_408, 25_088 / 2**20)
    assert len(drawn) == 3
    (axes,) = draw(found, "params", "transient").axes
    assert len(axes.lines) == 2  # a clip network has no transient


def test_what_is_no_figure_is_refused(found):
    with pytest.raises(OptionError, match=r"state_byte: no figure of a network \(did you mean 'state_bytes'"):
        check_figures(found, ["state_byte"])
    with pytest.raises(OptionError, match="--x transient --y delay: no network here has both"):
        draw(found[:1], "transient", "delay")
