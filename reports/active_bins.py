"""The mean number of active bins that a cost of a sampled network implies."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from costmodel.analysis.conventions import Convention, count_per_clip
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.ops import Sgs as Sampler
from costmodel.transforms.sgs import Sgs


def costs_by_active_bins(network: Network, convention: Convention | None = None) -> dict[int, int]:
    """What a clip costs at each number of active bins, in multiply-adds or as a convention counts.

    Raises:
        OptionError: the network is not sampled.
    """
    import numpy as np

    sampling = network.made_by(Sgs)
    if sampling is None:
        raise OptionError("--implied: solves for the active bins of a sampled network; add --sgs")
    # Each clip's own number: such a network knows how many frames the layers behind need.
    graph = network.with_transform(replace(sampling, active_bins=None)).graph()
    (sampler,) = (node for node in graph.nodes if isinstance(node.op, Sampler))
    assert isinstance(sampler.op, Sampler)
    numbers = np.arange(sampler.op.least, int(sampler.op.bins_of(*graph.inputs_of(sampler))) + 1)
    figures = Figures(network.with_sizes({"active_bins": numbers}).graph())
    found = evaluate(figures, "macs_per_clip") if convention is None else count_per_clip(figures, convention)
    return {int(number): int(cost) for number, cost in zip(numbers, np.asarray(found), strict=True)}


def implied_active_bins(costs: dict[int, int], cost: Fraction) -> Fraction:
    """The mean of active bins at a mean cost, of clips that have one of two neighbouring numbers.

    Where all layers behind are linear in the bins, it is the mean of any clips of that cost. Where a pool
    takes frames in pairs, two numbers cost alike, and others would have a mean a little off.

    Raises:
        OptionError: no number of bins costs as little, or as much.
    """
    least, most = min(costs.values()), max(costs.values())
    if not least <= cost <= most:
        raise OptionError(
            f"--implied: {float(cost):,.0f} is not between {least:,}, of {min(costs)} active bins, and {most:,}, of "
            f"{max(costs)}"
        )
    for number, following in pairwise(sorted(costs)):
        if costs[number] <= cost <= costs[following] and costs[number] < costs[following]:
            return number + (cost - costs[number]) / Fraction(costs[following] - costs[number])
    return Fraction(min(costs))
