"""Networks made ready to be measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from math import isinf, prod

import torch
from torch import Tensor

from costmodel.analysis.temporal import Timing, timing
from costmodel.emit.build import emit
from costmodel.emit.modules.base import Layer
from costmodel.emit.modules.pointwise import BatchNormLayer
from costmodel.emit.network import ClipNetwork, Network
from costmodel.emit.randomise import randomise
from costmodel.emit.settle import shown_inputs, statistics
from costmodel.graph import Graph
from costmodel.numbers import ceil_div
from costmodel.ops import Op
from costmodel.validation.reference import Reference
from costmodel.validation.undrawn import Undrawn

SHRINK = 0.7  # of scales, so that a branch does not outgrow its shortcut
SAMPLES = 6  # clips, and frames that the last layer sees of each
MOST_NUMBERS = 2**26  # of a layer's answer to all clips together; long clips have enough values each


def running(graph: Graph, seed: int = 0, init: str = "zeros") -> Network:
    """The network of a graph in float64, every parameter and buffer drawn at random, NaN let in.

    The running statistics of batch norms are drawn around those of a random clip. Drawn without regard to it,
    values grow from block to block, and a deep network turns the rounding of its first layer into anything.
    """
    with Undrawn():
        network = emit(graph, init=init)
    network.checks_values = False
    # Those that are drawn, and no copy: no check changes a weight in place.
    network.load_state_dict(drawn(of_one_frame(graph), seed), assign=True)
    return network.double().eval()


@lru_cache(maxsize=1)  # of the maps that checks run on now; whoever has run them clears it
def drawn(graph: Graph, seed: int) -> Mapping[str, Tensor]:
    """The parameters and buffers of a network that is ready to be measured, drawn once for all its checks."""
    with Undrawn():
        network = emit(graph).eval()
    randomise(network, seed)
    _settle_norms(graph, network, seed)
    return network.double().state_dict()


def of_one_frame(graph: Graph) -> Graph:
    """The same network; of a stream of chunks that of one frame at a step, which has the same weights."""
    return graph if graph.chunk == 1 else replace(graph, chunk=1, answers="all")


def frames_of(graph: Graph, batch: int, frames: int, seed: int) -> Tensor:
    """A random clip that fits a network but for its length, float64."""
    channels, _, height, width = map(int, graph.source)
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((batch, channels, frames, height, width), generator=generator, dtype=torch.float64)


def _settle_norms(graph: Graph, network: Network, seed: int) -> None:
    """In 32 bits, which is how networks run: statistics need no more, and 64 take ten times the room."""
    generator = torch.Generator().manual_seed(seed)

    def draw(low: float, high: float, like: Tensor) -> Tensor:
        drawn = torch.rand(like.shape, generator=generator, dtype=torch.float64) * (high - low) + low
        return drawn.to(like.dtype)

    def settle(layer: Layer[Op], clip: Tensor) -> None:
        # A layer behind a late branch may have seen no frame yet.
        if not isinstance(layer, BatchNormLayer) or clip.numel() == 0:
            return
        mean, variance = statistics(clip)
        layer.running_var.copy_(variance * draw(0.5, 1.5, variance))
        layer.weight.data.mul_(SHRINK)
        layer.running_mean.copy_(mean + variance.sqrt() * draw(-0.3, 0.3, variance))

    if not any(isinstance(layer, BatchNormLayer) for layer in network.layers.values()):
        return
    # Layers that take a whole clip apart run on as many frames as it has, padded as it is.
    takes_apart = any(node.op.has_no_stream for node in graph.nodes)
    if isinstance(network, ClipNetwork) and takes_apart:
        with torch.no_grad(), shown_inputs(network, settle):
            network(frames_of(graph, SAMPLES, int(graph.source.time), seed).float())
    else:
        frames = max(_until_typical(at) + SAMPLES * at.jump for at in timing(graph).values())
        clips = max(1, min(SAMPLES, MOST_NUMBERS // (frames * _largest_per_frame(graph))))
        Reference(graph, network.layers, settle)(frames_of(graph, clips, frames, seed).float(), kept=())


@contextmanager
def shown(network: Network, see: Callable[[str, int, Tensor], None]) -> Iterator[None]:
    """Shows what each layer answers, by its name and the step, as it is made: nothing is kept of it."""
    outer = network._record
    network._record, network._keep = {}, see  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        network._record = outer
        del network._keep


def _largest_per_frame(graph: Graph) -> int:
    """The most numbers that a layer answers for a frame of the clip; of one over the clip all its own."""
    clip = graph.clip or graph
    return max(ceil_div(prod(map(int, each)), int(clip.source.time)) for each in clip.types.values())


def _until_typical(at: Timing) -> int:
    """Frames until a layer sees more of a clip than of what stands ahead of it: that would settle nothing."""
    return int(at.delay if isinf(at.back) else max(at.back, at.delay))
