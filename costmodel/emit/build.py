"""From a graph to a network that runs."""

from __future__ import annotations

from costmodel.emit.fold import fold_norms
from costmodel.emit.network import ClipNetwork
from costmodel.emit.stream import StreamNetwork
from costmodel.errors import EmitError
from costmodel.graph import Graph


def emit(graph: Graph, *, fold: bool = False, init: str = "zeros") -> ClipNetwork | StreamNetwork:
    """The network of a graph: a `ClipNetwork`, or of a stream a `StreamNetwork`.

    Args:
        graph: a clip network, or what `continual` makes of it.
        fold: batch norms folded into the convolutions ahead of them, for inference.
        init: what stands ahead of a stream's first frame: `zeros` or `replicate`.

    Raises:
        EmitError: it is no graph, a size is free, or no layer runs an op.
    """
    if not isinstance(graph, Graph):  # Python does not hold callers to what is written above
        kind = type(graph).__name__
        raise EmitError(f"a graph: found {kind}, expected what costmodel.load or costmodel.continual gives")
    network = StreamNetwork(graph, init) if graph.is_stream else ClipNetwork(graph)
    return fold_norms(network) if fold else network
