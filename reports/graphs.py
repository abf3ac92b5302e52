"""Writes a graph as GraphML or DOT, with ops, types and figures on its nodes."""

from __future__ import annotations

from costmodel.analysis.cost import analyze
from costmodel.escape import dot, xml
from costmodel.graph import Graph


def graph_text(graph: Graph, format: str) -> str:
    """The graph as text in `graphml` or `dot`."""
    import networkx as nx

    drawn = graph.networkx()
    for row in analyze(graph).rows:
        figures = {key: row[key] for key in ("params", "macs", "state_floats", "receptive_field", "delay")}
        drawn.nodes[row["name"]].update(figures)
    if format == "graphml":
        drawn.graph["name"] = xml(graph.name)
        return "\n".join(nx.generate_graphml(drawn)) + "\n"
    return _dot(drawn)


def _dot(drawn: object) -> str:
    import networkx as nx

    assert isinstance(drawn, nx.DiGraph)
    # by hand: networkx writes DOT through pydot or pygraphviz, which few have
    lines = [f"digraph {dot(drawn.graph['name'])} {{", "  node [shape=box];"]
    for name, figures in drawn.nodes(data=True):
        label = "\n".join([name, *(f"{key} {value}" for key, value in figures.items() if value)])
        lines.append(f"  {dot(name)} [label={dot(label)}];")
    lines += [
        f"  {dot(source)} -> {dot(target)} [label={dot(figures['type'])}];"
        for source, target, figures in drawn.edges(data=True)
    ]
    return "\n".join([*lines, "}"]) + "\n"
