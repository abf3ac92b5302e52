"""Batch norms folded into the convolutions and linear layers ahead of them, as inference runs them."""

from __future__ import annotations

from dataclasses import replace

from costmodel.graph import Graph, Node
from costmodel.ops import BatchNorm, Conv, Linear, Op, Step


def fold_norm(graph: Graph) -> Graph:
    """The graph without the batch norms that are the only reader of a convolution or linear layer.

    Such a layer takes over the scale in its weights and the shift in its bias; it keeps its name.
    """
    folded = folded_norms(graph)
    norm_of = {source: name for name, source in folded.items()}
    nodes = tuple(
        replace(
            node,
            op=with_bias(node.op) if node.name in norm_of else node.op,
            inputs=tuple(folded.get(name, name) for name in node.inputs),
        )
        for node in graph.nodes
        if node.name not in folded
    )
    clip = None if graph.clip is None else fold_norm(graph.clip)
    return replace(graph, nodes=nodes, clip=clip)


def folded_norms(graph: Graph) -> dict[str, str]:
    """The batch norms that can be folded, each with the layer that it goes into."""
    return {
        node.name: node.inputs[0]
        for node in graph.nodes
        if isinstance(node.op, BatchNorm) and _takes_over(graph, graph.by_name.get(node.inputs[0]))
    }


def with_bias(op: Op) -> Op:
    """A convolution or linear layer, or its frame-by-frame form, with a bias."""
    if isinstance(op, Step):
        return replace(op, inner=with_bias(op.inner))
    assert isinstance(op, Conv | Linear)
    return replace(op, bias=True)


def _takes_over(graph: Graph, node: Node | None) -> bool:
    if node is None or len(graph.consumers[node.name]) > 1:
        return False
    op = node.op.inner if isinstance(node.op, Step) else node.op
    return isinstance(op, Conv | Linear)
