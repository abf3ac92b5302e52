"""The time of sampled clips beside their multiply-adds."""

import pytest

from costmodel.analysis.cost import analyze
from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.transforms.sgs import Sgs
from reports.sampled_speed import files_of, speed

NETWORK = Network.of("digits", None, {"frames": 3, "crop": 12}, (Sgs("res1"),))


def test_each_number_of_active_bins_is_measured_beside_the_plain_network():
    rows = speed(NETWORK, 2, lambda text: None)
    assert [row["active_bins"] for row in rows] == [1, 2, 3, None]
    assert all(row["median_ms"] > 0 for row in rows)
    costs = [row["macs_per_clip"] for row in rows]
    assert costs[:3] == sorted(costs[:3])
    assert costs[3] == analyze(NETWORK.without(Sgs).graph()).totals["macs_per_clip"]
    files = files_of("digits", rows)
    assert sorted(files) == ["sampled_speed.csv", "sampled_speed.png", "sampled_speed.svg"]


def test_a_network_without_a_sampler_is_refused():
    with pytest.raises(OptionError, match="--sgs: is missing; expected the stage behind which frames"):
        speed(NETWORK.without(Sgs), 1, lambda text: None)
