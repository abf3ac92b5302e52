"""What differs between two networks, figure by figure and layer by layer."""

import pytest

from commands.command import network_of
from reports.diff import Difference, apart


def difference(before: str, after: str) -> Difference:
    return Difference.of(network_of(before), network_of(after))


def test_a_network_differs_from_itself_in_nothing():
    assert difference("digits", "digits").is_none
    assert difference("x3d_xs", "x3d --variant XS").is_none


def test_another_rate_of_frames_alone_is_a_difference():
    found = difference("digits", "digits --set gamma_tau=2")
    assert found.input
    assert found.layers == []
    assert not found.is_none


def test_the_layers_account_for_the_figures():
    found = difference("x2d", "x2d --set gamma_w=2")
    (params,) = (row for row in found.figures if row["figure"] == "params")
    moved = sum((row["params_after"] or 0) - (row["params_before"] or 0) for row in found.layers)
    assert moved == params["difference"]
    assert {row["change"] for row in found.own} == {"changed"}


@pytest.mark.parametrize(
    ("old", "new", "difference", "ratio"),
    [(2, 3, 1, 1.5), (0, 3, 3, None), (None, 3, 3, None), (3, None, -3, None), (3, float("inf"), None, None)],
)
def test_figures_move_by_a_difference_and_a_ratio(
    old: float | None, new: float | None, difference: float | None, ratio: float | None
):
    assert apart(old, new) == {"difference": difference, "ratio": ratio}
