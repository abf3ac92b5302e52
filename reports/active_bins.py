"""Costs of sampled networks over clips that differ: their mean, and what a mean says of the clips."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from costmodel.analysis.active_bins import samplers
from costmodel.analysis.convention import Convention, count_per_clip
from costmodel.analysis.cost import Analysis, analyze
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.numbers import exact
from costmodel.ops import Sgs as Sampler
from costmodel.readable import plain
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
    made = [graph.by_name[name] for name in samplers(graph)]
    # Of several pathways the one of most frames says the number; the others follow in proportion.
    sampler = max(made, key=lambda node: int(graph.inputs_of(node)[0].time))
    assert isinstance(sampler.op, Sampler)
    numbers = np.arange(sampler.op.least, int(sampler.op.bins_of(*graph.inputs_of(sampler))) + 1)
    figures = Figures(network.with_sizes({"active_bins": numbers}).graph())
    found = evaluate(figures, "macs_per_clip") if convention is None else count_per_clip(figures, convention)
    return {int(number): int(cost) for number, cost in zip(numbers, np.asarray(found), strict=True)}


def mean_analysis(network: Network, shares: Mapping[int, Fraction], **options: Any) -> Analysis:
    """The figures of a sampled network as means over clips, whose shares by active bins are given.

    A mean of the figures, not the figures at the mean: behind a pool over pairs of frames they differ.

    Raises:
        CostModelError: the layers behind cannot take one of the numbers.
    """
    found = {
        number: analyze(network.with_sizes({"active_bins": number}).graph(), **options) for number in shares
    }
    most = found[max(found)]

    def mean(of: Callable[[Analysis], Mapping[str, Any]]) -> dict[str, Any]:
        return {name: _mean(shares, {each: of(found[each])[name] for each in found}) for name in of(most)}

    rows = tuple(mean(lambda each, place=place: each.rows[place]) for place in range(len(most.rows)))  # type: ignore[misc]
    totals, operations = mean(lambda each: each.totals), mean(lambda each: each.operations)
    return replace(most, totals=totals, operations=operations, rows=rows)


def _mean(shares: Mapping[int, Fraction], values: Mapping[int, Any]) -> Any:
    """The mean of a figure; that of the largest number where it is no number, such as a shape."""
    largest = values[max(values)]
    if isinstance(largest, bool) or not isinstance(largest, int | float) or len(set(values.values())) == 1:
        return largest
    return plain(sum((shares[each] * exact(value) for each, value in values.items()), Fraction(0)))


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
            f"--implied: {float(cost):,.0f} is not between {least:,}, of {min(costs)} active bins, and "
            f"{most:,}, of {max(costs)}"
        )
    for number, following in pairwise(sorted(costs)):
        if costs[number] <= cost <= costs[following] and costs[number] < costs[following]:
            return number + (cost - costs[number]) / Fraction(costs[following] - costs[number])
    return Fraction(min(costs))
