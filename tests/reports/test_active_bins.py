"""The mean number of active bins that a cost implies."""

from fractions import Fraction

import pytest

from costmodel.analysis.conventions import CONVENTIONS
from costmodel.analysis.cost import analyze
from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.transforms.sgs import Sgs
from reports.active_bins import costs_by_active_bins, implied_active_bins, mean_analysis


def sampled(spec: str, variant: str | None, **options: int) -> Network:
    return Network.of(spec, variant, {}, (Sgs("res2", **options),))


def test_costs_are_those_of_each_number():
    costs = costs_by_active_bins(sampled("x3d", "S"))
    assert list(costs) == list(range(1, 14))
    assert costs[6] == analyze(sampled("x3d", "S", active_bins=6).graph()).totals["macs_per_clip"]


def test_layers_that_pool_pairs_of_frames_cost_the_same_for_two_numbers():
    costs = costs_by_active_bins(sampled("i3d_r50", None), CONVENTIONS["atfr"])
    assert min(costs) == 2
    assert costs[2] == costs[3] < costs[4] == costs[5]


def test_a_cost_between_two_numbers_is_of_clips_that_have_either():
    costs = {1: 10, 2: 30, 3: 30, 4: 50}
    assert implied_active_bins(costs, Fraction(25)) == Fraction(7, 4)
    assert implied_active_bins(costs, Fraction(40)) == Fraction(7, 2)
    with pytest.raises(OptionError, match=r"--implied: 60 is not between 10, of 1 active bins, and 50, of 4"):
        implied_active_bins(costs, Fraction(60))


def test_a_network_that_is_not_sampled_has_none():
    with pytest.raises(OptionError, match=r"solves for the active bins of a sampled network; add --sgs"):
        costs_by_active_bins(Network.of("x3d", "S"))


def test_a_mean_over_clips_is_a_mean_of_the_figures():
    shares = Sgs("res2", active_bins="uniform:2:6").shares
    found = mean_analysis(sampled("i3d_r50", None), shares)
    costs = costs_by_active_bins(sampled("i3d_r50", None))
    assert found.totals["macs_per_clip"] == sum(costs[each] for each in range(2, 7)) / 5
    assert found.totals["params"] == analyze(sampled("i3d_r50", None).graph()).totals["params"]
    macs = [row["macs"] for row in found.rows]
    assert sum(macs) == pytest.approx(found.totals["macs_per_clip"])
    # Not the cost at the mean of 4: pairs of frames are pooled, and the last number has no partner.
    assert found.totals["macs_per_clip"] != costs[4]
