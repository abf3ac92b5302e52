"""Small networks that the tests of `costmodel.emit` run, in float64."""

import torch
from torch import Tensor

from costmodel import TensorType, continual
from costmodel.emit import ClipNetwork, StreamNetwork, emit, randomise
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Op

SOURCE = TensorType(4, 12, 6, 6)


def chain(*ops: Op, source: TensorType = SOURCE) -> Graph:
    """A graph of one op after the other, named layer0, layer1, ..."""
    names = [INPUT, *(f"layer{number}" for number in range(len(ops)))]
    nodes = (Node(name, op, (before,)) for before, name, op in zip(names, names[1:], ops, strict=False))
    return Graph("chain", source, tuple(nodes))


def clip_network(graph: Graph, seed: int = 0) -> ClipNetwork:
    """A clip network of random values."""
    network = emit(graph).double().eval()
    randomise(network, seed)
    assert isinstance(network, ClipNetwork)
    return network


def stream_network(graph: Graph, seed: int = 0, init: str = "zeros", **options: object) -> StreamNetwork:
    """A stream network of random values."""
    stream = graph if graph.is_stream else continual(graph, **options)  # type: ignore[arg-type]
    network = emit(stream, init=init).double().eval()
    randomise(network, seed)
    assert isinstance(network, StreamNetwork)
    return network


def frames(graph: Graph, count: int, batch: int = 2, seed: int = 1) -> Tensor:
    """Random frames that fit a graph, as a clip."""
    source = graph.source
    shape = (batch, int(source.channels), count, int(source.height), int(source.width))
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def answered(network: StreamNetwork, clip: Tensor) -> Tensor:
    """A stream's answers to a clip, as maps."""
    outputs, valid = network.forward_steps(clip)
    assert bool(valid.all())
    return outputs


def assert_near(found: Tensor, expected: Tensor) -> None:
    """Equal within 1e-9 of the largest expected value."""
    assert found.shape == expected.shape
    assert found.numel() > 0
    assert (found - expected).abs().max() <= 1e-9 * expected.abs().max()
