"""Which tensors are alive while a graph runs, and the most numbers alive at once."""

from __future__ import annotations

from costmodel.graph import Graph
from costmodel.numbers import Size, maximum


def peak_activation(graph: Graph) -> Size:
    """The largest sum of live tensors over the nodes in definition order.

    At each node: its inputs, its output and all that a later node still reads; nothing in place, state
    not counted.
    """
    last_read = {name: node.name for node in graph.nodes for name in node.inputs}
    live: Size = graph.source.values
    peak: Size = 0
    for node in graph.nodes:
        live = live + graph.types[node.name].values
        peak = maximum(peak, live)
        dead = [name for name in dict.fromkeys(node.inputs) if last_read[name] == node.name]
        live = live - sum(graph.types[name].values for name in dead)
    return peak
