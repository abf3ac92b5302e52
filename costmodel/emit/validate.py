"""Predicted figures beside what the running network does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from costmodel.emit.validation.check import Check
from costmodel.emit.validation.costs import check_costs
from costmodel.emit.validation.equality import check_equality
from costmodel.emit.validation.forms import check_forms
from costmodel.emit.validation.reach import check_reach
from costmodel.emit.validation.streams import check_streams
from costmodel.graph import Graph

__all__ = ["Check", "validate"]


def validate(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """Checks every figure of a clip network or a stream on the emitted network, one after the other.

    Costs are measured at full size; what concerns time on smaller maps, with all channels, frames and layers;
    equality of outputs in float64 with every parameter and buffer drawn at random.
    """
    with _one_thread():
        yield from check_costs(graph)
        yield from check_reach(graph, seed)
        if graph.is_stream:
            yield from check_equality(graph, seed)
            yield from check_forms(graph, seed)
            yield from check_streams(graph, seed)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Maps this small cost more to share among threads than to compute."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
