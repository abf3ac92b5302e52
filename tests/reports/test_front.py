"""A front is drawn as the designs that it is given."""

import pytest

from costmodel.errors import OptionError
from reports.front import draw_front

DESIGNS = [
    {"spec": "a", "macs_per_frame": 10**6, "state_bytes": 2**20, "entropy": 5.0},
    {"spec": "b", "macs_per_frame": 3 * 10**8, "state_bytes": 2**24, "entropy": 9.0},
    {"spec": "b", "macs_per_frame": 5 * 10**8, "state_bytes": float("inf"), "entropy": 11.0},
]


def test_two_figures_are_a_line_and_marks_for_each_group():
    (axes,) = draw_front(DESIGNS, ["macs_per_frame", "-entropy"], ["spec"]).axes
    (line,) = axes.lines
    assert line.get_xydata().tolist() == [[1e6, 5.0], [3e8, 9.0], [5e8, 11.0]]
    assert [marks.get_offsets().tolist() for marks in axes.collections] == [
        [[1e6, 5.0]],
        [[3e8, 9.0], [5e8, 11.0]],
    ]
    assert axes.get_xscale() == "log"
    assert axes.get_ylabel() == "entropy, in nats"


def test_a_third_figure_is_told_in_colour_bytes_in_mebibytes():
    axes, bar = draw_front(DESIGNS, ["macs_per_frame", "entropy", "state_bytes"]).axes
    (marks,) = axes.collections
    assert marks.get_array().tolist() == [1.0, 16.0]  # what is unbounded has no place
    assert bar.get_ylabel() == "state, in MiB"


@pytest.mark.parametrize(
    ("objectives", "expected"),
    [(["entropy"], "a front of 1 figure"), (["entropy", "delay"], "no design has entropy and delay")],
)
def test_what_cannot_be_drawn_is_refused(objectives: list[str], expected: str):
    with pytest.raises(OptionError, match=expected):
        draw_front(DESIGNS, objectives)
