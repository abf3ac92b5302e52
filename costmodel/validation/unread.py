"""Where networks run whose numbers nobody looks at: shapes, operations and memory are counted there."""

from __future__ import annotations

from contextlib import nullcontext
from math import prod

import torch

from costmodel.analysis.active_bins import samplers
from costmodel.emit.build import emit
from costmodel.emit.network import Network
from costmodel.graph import Graph
from costmodel.validation.undrawn import Undrawn

FEW = 300_000  # numbers of all maps and weights


def unread(graph: Graph) -> torch.device:
    """The device for a network whose numbers nobody looks at.

    Without storage (`meta`) one of any size is run in seconds, but Python works out its shapes: a small one
    is sooner computed.
    """
    if samplers(graph):  # how many frames it gives depends on its numbers: without any it gives the most
        return torch.device("meta")
    maps = sum(prod(map(int, types)) for types in graph.types.values())
    weights = sum(
        prod(map(int, shape))
        for node in graph.nodes
        for shape in node.op.weights(*graph.inputs_of(node)).values()
    )
    return torch.device("cpu" if maps + weights <= FEW else "meta")


def emit_unread(graph: Graph) -> Network:
    """The network of a graph where nobody looks at its numbers, NaN let in."""
    device = unread(graph)
    with device, Undrawn() if device.type == "meta" else nullcontext():
        network = emit(graph).eval()
    network.checks_values = False
    return network
