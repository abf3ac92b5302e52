"""What an axis offers, against every value of it tried one by one."""

from fractions import Fraction
from pathlib import Path

import pytest

from costmodel.analysis.quantities import Quantity, limit
from costmodel.network import Network
from costmodel.spec import document, elaborate
from costmodel.transforms.continual import Continual
from search.problem.axes import Aim, offers
from search.problem.designs import Family

MACS = Quantity("macs_per_clip")


def offer_of(family, start, axis, aim, limits=()):
    return next(each for each in offers(family, start, family.axes, aim, limits) if each.axis == axis)


def cost_of(family, settings):
    (design,) = family.designs([settings], [MACS])
    return design.values["macs_per_clip"]


@pytest.mark.parametrize("variant", ["X2D", "XS", "M"])
@pytest.mark.parametrize(
    ("axis", "step"),
    [
        ("X-Spatial", 1),
        ("X-Depth", Fraction(1, 30)),
        ("X-Width", Fraction(1, 96)),
        ("X-Bottleneck", Fraction(1, 192)),
    ],
)
def test_no_value_comes_nearer_to_double_than_the_one_offered(variant: str, axis: str, step: Fraction):
    family = Family(Network.of("x3d"))
    start = Network.of("x3d", variant, {}).sizes
    present = cost_of(family, start)
    found = offer_of(family, start, axis, Aim(MACS, present, 2 * present))
    moves = next(each for each in family.axes if each.name == axis)
    tried = [moves.moved(start, start[moves.moves] + step * count) for count in range(1, 700)]
    costs = [design.values["macs_per_clip"] for design in family.designs(tried, [MACS], addresses=False)]
    nearest = min(abs(cost - 2 * present) for cost in costs)
    assert abs(cost_of(family, found.settings) - 2 * present) <= nearest


def test_the_offered_cost_is_that_of_the_network_itself():
    family = Family(Network.of("x3d"))
    start = Network.of("x3d", "S", {}).sizes
    present = cost_of(family, start)
    found = offer_of(family, start, "X-Bottleneck", Aim(MACS, present, 2 * present))
    graph = elaborate(document("x3d"), "S", {"gamma_b": found.value})
    from costmodel.analysis.cost import analyze

    assert found.ratio == analyze(graph).totals["macs_per_clip"] / present


def test_of_equal_costs_the_nominal_value_wins():
    family = Family(Network.of("x3d"))
    start = Network.of("x3d", "X2D", {"gamma_b": Fraction("2.25"), "frames": 2, "crop": 160}).sizes
    present = cost_of(family, start)
    assert offer_of(family, start, "X-Depth", Aim(MACS, present, 2 * present)).value == Fraction("2.2")


def test_of_equal_costs_without_the_nominal_one_the_largest_wins():
    family = Family(Network.of("x3d"))
    start = Network.of("x3d", "XS", {}).sizes
    present = cost_of(family, start)
    assert offer_of(family, start, "X-Spatial", Aim(MACS, present, 2 * present)).value == 224


def test_fast_and_temporal_cost_the_same_and_differ_in_every():
    family = Family(Network.of("x3d"))
    start = Network.of("x3d", "XS", {}).sizes
    present = cost_of(family, start)
    aim = Aim(MACS, present, 2 * present)
    fast, temporal = (offer_of(family, start, axis, aim) for axis in ("X-Fast", "X-Temporal"))
    assert fast.value == temporal.value == 8
    assert (fast.settings["gamma_tau"], temporal.settings["gamma_tau"]) == (6, 9)  # 12 x 0.5, 12 x 0.75


def test_an_axis_that_cannot_come_near_is_left_out_with_the_reason(tiny: Path):
    family = Family(Network.of(tiny))
    start = Network.of(tiny, None, {"frames": 20}).sizes
    present = cost_of(family, start)
    found = offer_of(family, start, "Time", Aim(MACS, present, 2 * present))
    assert found.settings is None
    assert found.reason == "the nearest, frames 32 gives x1.6, is more than 10 % from x2"


def test_an_axis_that_the_cost_does_not_feel_moves_by_its_factor_within_the_limits(tiny: Path):
    family = Family(Network.of(tiny, transforms=[Continual()]))
    start = Network.of(tiny, None, {"frames": 8}).sizes
    cost = Quantity("macs_per_frame")
    (design,) = family.designs([start], [cost])
    present = design.values["macs_per_frame"]
    aim = Aim(cost, present, 2 * present)
    free = offer_of(family, start, "Time", aim)
    held = offer_of(family, start, "Time", aim, [limit("receptive_field<=12")])
    assert (free.value, held.value) == (16, 10)
    assert free.note == "macs_per_frame does not feel frames: moved by its own factor of 2"
    assert held.note.endswith("held at 10 by bounds and limits")


def test_an_axis_at_its_bound_says_so(tiny: Path):
    family = Family(Network.of(tiny))
    start = Network.of(tiny, None, {"frames": 32}).sizes
    found = offer_of(family, start, "Time", Aim(MACS, 100, 200))
    assert found.reason == "frames stands at its bound of 32"
