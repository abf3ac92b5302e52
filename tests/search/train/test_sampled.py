"""The active bins of an evaluation's clips, their costs, and the classes that need most."""

import numpy as np

from costmodel.analysis.cost import analyze
from costmodel.network import Network
from costmodel.transforms.sgs import Sgs
from search.train.sampled import active_bins_of

SIZES = {"frames": 4, "crop": 16}


def sampled(**options: int) -> Network:
    return Network.of("digits", None, SIZES, (Sgs("res1", **options),))


def test_each_clip_costs_what_its_own_number_costs():
    found = active_bins_of(sampled().graph(), {"res1.0.sgs": [3, 1, 3, 2]}, np.array([0, 0, 1, 2]))
    costs = [
        analyze(sampled(active_bins=number).graph()).totals["macs_per_clip"] for number in (3, 1, 3, 2, 4)
    ]
    assert [*found.macs.tolist(), found.most] == costs
    assert found.mean == 2.25
    assert [(row["active_bins"], row["clips"]) for row in found.histogram()] == [(1, 1), (2, 1), (3, 2)]


def test_classes_stand_in_the_order_of_what_they_need():
    found = active_bins_of(sampled().graph(), {"res1.0.sgs": [3, 1, 4, 2]}, np.array([0, 1, 2, 3]))
    rows = found.by_class(np.array([0, 1, 0, 1]), ("much", "little", "none"))
    assert [(row["class"], row["active_bins"], row["active_bins_error"]) for row in rows] == [
        ("little", 1.5, 0.5),
        ("much", 3.5, 0.5),
    ]
