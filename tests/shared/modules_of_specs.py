"""Networks whose modules are known without PyTorch: those of specs, a block being a module."""

from __future__ import annotations

import random
from dataclasses import replace

from costmodel.graph import Graph, Node
from costmodel.importers.blocks import Written, written
from costmodel.importers.blocks.modules import Owners

CLASSES = ("own.Alpha", "own.Beta", "own.Conv", "torch.nn.modules.container.Sequential")
ATTRIBUTES = ("a", "b", "conv", "relu", "bn", "in", "x1", "branch0", "lambda", "i", "width", "from")
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


def in_random_modules(graph: Graph, seed: int) -> tuple[Graph, Owners]:
    """The layers of a graph in modules that nobody would write, under awkward names."""
    draw, owners = random.Random(seed), dict[str, list[tuple[str, str]]]()
    names = {"input": "input"}

    def fill(nodes: tuple[Node, ...], path: str, stack: list[tuple[str, str]]) -> None:
        taken = set[str]()
        while nodes:
            size = draw.choice((1, 1, 2, 3, 5, 8, 13)) if len(stack) < 4 else 1
            part = draw.choice((str(len(taken)), *ATTRIBUTES))
            while part in taken:
                part += "_"
            taken.add(part)
            if size > 1:
                fill(nodes[:size], f"{path}{part}.", [*stack, (f"{path}{part}", draw.choice(CLASSES))])
            else:
                names[nodes[0].name], owners[f"{path}{part}"] = f"{path}{part}", stack
            nodes = nodes[size:]

    fill(graph.nodes, "", [])
    nodes = (
        replace(each, name=names[each.name], inputs=tuple(map(names.get, each.inputs)))
        for each in graph.nodes
    )
    return Graph(graph.name, graph.source, tuple(nodes)), owners


def _holds(path: str, name: str) -> bool:
    return name.startswith(f"{path}.")
