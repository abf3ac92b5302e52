"""A spec as a family of networks: the axes that it moves, and figures of many designs at once."""

from pathlib import Path

import pytest

from costmodel.analysis.quantities import Quantity
from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms.continual import Continual
from search.problem.axes import Aim, offers
from search.problem.designs import Family

STATE, PARAMS = Quantity("state_floats"), Quantity("params")
POOLED = from_text("""
name: pooled
input: {channels: 3, time: frames, height: 8, width: 8}
sizes: {frames: 8, wide: 2}
axes:
  Pool: {moves: pool, bounds: [2, 64]}
network:
  - conv: {channels: wide, kernel: [3, 3, 3]}
  - global_pool
""")


def test_an_axis_moves_a_size_of_a_transform_and_the_network_with_it():
    family = Family(Network(POOLED, transforms=(Continual(pool=4),)))
    start = family.network.sizes
    (design,) = family.designs([start], (STATE,))
    present = design.values["state_floats"]
    (offer,) = offers(family, start, family.axes, Aim(STATE, present, present + 60 * 2))
    assert (offer.value, offer.settings["pool"]) == (64, 64)
    (moved,) = family.designs([offer.settings], (STATE,))
    exact = family.exact(offer.settings, (STATE,))
    assert moved.values == exact.values == {"state_floats": present + 60 * 2}
    assert moved.network == exact.network != design.network


@pytest.mark.parametrize("transforms", [(), (Continual(),)])
def test_a_size_of_a_transform_needs_a_value_to_move_from(transforms):
    with pytest.raises(OptionError) as error:
        _ = Family(Network(POOLED, transforms=transforms)).axes
    assert str(error.value) == (
        "axes.Pool: moves pool, which has no value; give --continual, and --pool with one"
    )


def test_a_design_that_is_no_network_says_why_and_others_are_worked_out_beside_it(tiny: Path):
    family = Family(Network.of(tiny))
    start = family.network.sizes
    good, bad = family.designs([start, {**start, "crop": 0}], (PARAMS,))
    assert (good.problem, bad.problem) == (
        "",
        "stem: the kernel reaches 3 in height, more than its padded input of 2",
    )
    assert good.values == family.exact(start, (PARAMS,)).values


def test_of_many_designs_each_says_by_itself_how_its_branches_differ():
    network = Network.of("csn")
    rows = [{**network.sizes, "kernel_time": each} for each in (1, 2, 3, 4, 5, 6)]
    designs = Family(network).designs(rows, (PARAMS,))
    alone = [Family(network).designs([row], (PARAMS,))[0].problem for row in rows]
    assert [each.problem for each in designs] == alone
    assert [bool(each) for each in alone] == [False, True] * 3
    assert "branches differ" in alone[1]
