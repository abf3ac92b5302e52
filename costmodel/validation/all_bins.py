"""Networks with samplers as their figures have them: every bin handed on."""

from __future__ import annotations

from dataclasses import replace

from costmodel.edit import Editor
from costmodel.graph import Graph
from costmodel.ops import Sgs


def of_all_bins(graph: Graph) -> Graph:
    """The network whose samplers hand on all their bins, as costs count them."""
    editor = Editor(graph)
    for node in graph.nodes:
        if isinstance(node.op, Sgs) and node.op.is_adaptive:
            (x,) = graph.inputs_of(node)
            editor.replace(node.name, replace(node.op, active=node.op.bins_of(x)))
    return editor.graph() if any(node.op.is_adaptive for node in graph.nodes) else graph
