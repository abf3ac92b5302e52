"""Exhaustive answers, against every design worked out by itself."""

from itertools import product
from pathlib import Path

import pytest

from costmodel.analysis.quantities import Quantity, limit, shown
from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.transforms.continual import Continual
from search.methods.solve import aim, pareto, solve
from search.problem import space as module
from search.problem.designs import Family
from search.problem.space import space_of
from search.sweep.grid import parse_axis

OVER = ["frames=1,2,5,8", "crop=8:24:4", "depth=1:4:0.5", "wide=0.5,1,1.5,2"]
QUANTITIES = [Quantity(text) for text in ("entropy", "macs_per_frame", "state_bytes")]


@pytest.fixture(params=[64, 1 << 18])
def space(tiny: Path, request, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BLOCK", request.param)
    family = Family(Network.of(tiny, transforms=[Continual()]))
    return space_of(family, family.network.sizes, [parse_axis(text, "--over") for text in OVER])


def every(space):
    rows = [
        {**space.start, **dict(zip([axis.name for axis in space.axes], values, strict=True))}
        for values in product(*(axis.values for axis in space.axes))
    ]
    return [space.family.exact(row, QUANTITIES) for row in rows]


def test_the_best_of_all_designs_within_the_limits_is_found(space):
    limits = [limit("macs_per_frame<=100kMAC"), limit("state_bytes<=40kB")]
    solved = solve(space, Quantity("entropy"), limits)
    designs = every(space)
    within = [each for each in designs if all(one.holds(each.values[one.quantity.text]) for one in limits)]
    assert solved.found[0].values["entropy"] == max(each.values["entropy"] for each in within)
    assert (solved.counts.designs, solved.counts.valid) == (560, 560)
    assert solved.counts.within == len(within)
    outside = sum(each.values["macs_per_frame"] > 100_000 for each in designs)
    assert solved.counts.excluded["macs_per_frame<=100kMAC"] == outside


def test_the_front_holds_every_design_that_none_beats_and_no_other(space):
    solved = pareto(space, ["macs_per_frame", "state_bytes", "entropy"], [])
    points = {
        (each.values["macs_per_frame"], each.values["state_bytes"], -each.values["entropy"])
        for each in every(space)
    }
    best = {
        point
        for point in points
        if not any(
            other != point and all(a <= b for a, b in zip(other, point, strict=True)) for other in points
        )
    }
    found = {
        (each.values["macs_per_frame"], each.values["state_bytes"], -each.values["entropy"])
        for each in solved.found
    }
    assert found == best


def test_where_nothing_fits_the_nearest_limit_is_named_with_what_it_would_have_to_be(space):
    solved = solve(space, Quantity("entropy"), [limit("params<=1"), limit("macs_per_frame<=1GMAC")])
    assert solved.found == ()
    assert solved.counts.excluded["params<=1"] == 560
    (nearest,) = solved.nearest
    smallest = min(
        space.family.exact(each.settings, [Quantity("params")]).values["params"] for each in every(space)
    )
    assert str(nearest) == f"params<=1 would have to be {shown(smallest)}"


def test_a_size_that_is_not_there_is_named(tiny: Path):
    family = Family(Network.of(tiny))
    with pytest.raises(OptionError, match=r"--over crops: tiny has no such size \(did you mean 'crop'\?\)"):
        space_of(family, family.network.sizes, [parse_axis("crops=1,2", "--over")])


def test_entropy_is_to_be_large_and_costs_small_unless_a_sign_says_otherwise():
    assert [aim(text)[1] for text in ("entropy", "params", "-params", "+entropy")] == [-1, 1, -1, 1]
