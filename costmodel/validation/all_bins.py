"""Networks with samplers as their figures have them: every bin handed on."""

from __future__ import annotations

from costmodel.edit import Editor
from costmodel.graph import Graph


def of_all_bins(graph: Graph) -> Graph:
    """The network whose samplers hand on all their bins, as costs count them."""
    editor = Editor(graph)
    for node in graph.nodes:
        if node.op.is_adaptive:
            editor.replace(node.name, node.op.of_all_bins(*graph.inputs_of(node)))
    return editor.graph() if any(node.op.is_adaptive for node in graph.nodes) else graph
