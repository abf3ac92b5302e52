"""Programs over differences of whole numbers, solved through their dual, a minimum-cost flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx

ROOT = ""


@dataclass
class Differences:
    """Minimises a weighted sum of variables under lower bounds on their differences.

    minimise sum(weight(x) * x) where later - earlier >= least for each constraint (Leiserson and Saxe 1991,
    sec. 8). The dual sends a flow along the constraints, at cost -least for each unit, that leaves weight(x)
    at each x; its potentials are the variables.

    Args:
        fixed: variables whose values are known.
    """

    fixed: Mapping[str, int]
    weights: dict[str, int] = field(default_factory=dict)
    _least: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, earlier: str, later: str, least: int) -> None:
        """Demands that `later - earlier >= least`."""
        if earlier in self.fixed:
            earlier, least = ROOT, least + self.fixed[earlier]
        if later in self.fixed:
            later, least = ROOT, least - self.fixed[later]
        # One edge for each pair: of two lower bounds the larger says all.
        known = self._least.get((earlier, later))
        self._least[earlier, later] = least if known is None else max(known, least)

    def weigh(self, variable: str, weight: int) -> None:
        """Adds to the weight of a variable."""
        self.weights[variable] = self.weights.get(variable, 0) + weight

    def value(self, found: Mapping[str, int]) -> int:
        """The weighted sum at these values."""
        return sum(weight * self.fixed.get(name, found.get(name, 0)) for name, weight in self.weights.items())

    def smallest(self) -> dict[str, int] | None:
        """Values at which the weighted sum is smallest; None where no values meet all constraints."""
        import networkx as nx

        # A bound between known values that they do not keep.
        if self._least.get((ROOT, ROOT), 0) > 0:
            return None
        demands = {name: weight for name, weight in self.weights.items() if name not in self.fixed}
        # What flows in must flow out: the root takes the rest, its potential being zero.
        demands[ROOT] = -sum(demands.values())
        graph: nx.DiGraph[str] = nx.DiGraph()
        for name, demand in demands.items():
            graph.add_node(name, demand=demand)
        for (earlier, later), least in self._least.items():
            if earlier != later:
                graph.add_edge(earlier, later, weight=-least)
        try:
            _, flow = nx.network_simplex(graph)
        except nx.NetworkXUnbounded:  # a cycle of constraints that contradict each other
            return None
        return _potentials(graph, flow)


def _potentials(graph: networkx.DiGraph[str], flow: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """The variables behind a flow of least cost: longest ways from the root, back where flow runs."""
    import networkx as nx

    residual: nx.DiGraph[str] = nx.DiGraph()
    for earlier, later in graph.edges:
        cost = graph[earlier][later]["weight"]
        # Where flow runs its constraint is tight (complementary slackness), so the way back counts too.
        ways = [(earlier, later, cost), (later, earlier, -cost)]
        for start, end, length in ways if flow[earlier][later] else ways[:1]:
            if not residual.has_edge(start, end) or length < residual[start][end]["weight"]:
                residual.add_edge(start, end, weight=length)
    lengths = nx.single_source_bellman_ford_path_length(residual, ROOT)
    return {name: -int(length) for name, length in lengths.items()}
