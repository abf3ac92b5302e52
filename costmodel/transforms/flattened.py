"""A flattened clip and the linear layers behind it as the convolutions that they are."""

from __future__ import annotations

from costmodel.edit import Editor
from costmodel.graph import Graph, Node
from costmodel.numbers import Size
from costmodel.ops import Conv


def convolve_flattened(editor: Editor, graph: Graph, node: Node, frames: Size) -> None:
    """Puts convolutions of so many frames and the whole map in place of linear layers behind a node."""
    (x,) = graph.inputs_of(node)
    for name in graph.consumers[node.name]:
        linear = graph.by_name[name]
        has_bias = "bias" in linear.op.weights(*graph.inputs_of(linear))
        kernel = (frames, x.height, x.width)
        channels = graph.types[name].channels
        editor.replace(name, Conv(channels=channels, kernel=kernel, padding=(0, 0, 0), bias=has_bias))
    editor.bypass(node.name)
