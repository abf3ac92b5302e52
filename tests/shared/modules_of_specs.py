"""Networks whose modules are known without PyTorch: those of specs, a block being a module."""

from __future__ import annotations

from costmodel.graph import Graph
from costmodel.importers.blocks import Written, written
from costmodel.importers.blocks.modules import Owners

INPUT = "name: net\ninput: {channels: 4, time: 8, height: 16, width: 16}\n"


def owners_of(graph: Graph) -> Owners:
    """The blocks that each layer stands in, the outermost first."""
    return {
        node.name: [
            (path, f"own.{block.word}") for path, block in graph.blocks.items() if _holds(path, node.name)
        ]
        for node in graph.nodes
    }


def rewritten(graph: Graph, *, frees_width: bool = False) -> Written:
    """The spec of a graph that knows its blocks."""
    return written(graph, owners_of(graph), frees_width=frees_width)


def _holds(path: str, name: str) -> bool:
    return name.startswith(f"{path}.")
