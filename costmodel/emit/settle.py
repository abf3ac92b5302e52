"""Batch norms settled: their running statistics are those of what reaches them, as training leaves them.

Drawn without regard to it, values grow from block to block, and sigmoids of them come to denormal numbers, on
which processors take many times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from costmodel.emit.groups import Groups
from costmodel.emit.modules.base import Layer
from costmodel.emit.modules.pointwise import BatchNormLayer
from costmodel.emit.network import ClipNetwork
from costmodel.ops import Op

# Of the channels' mean variance: to scale up a channel that is silent scales up its rounding.
LEAST_SHARE = 0.25
LEAST_VARIANCE = 1e-3


@torch.no_grad()
def settle_norms(network: ClipNetwork, clip: Tensor) -> None:
    """Sets the running statistics of a network's batch norms to those of a clip, one layer after the other.

    Args:
        network: its other parameters stay as they are.
        clip: (batch, channels, time, height, width).
    """

    def settle(layer: Layer[Op], given: Tensor) -> None:
        if isinstance(layer, BatchNormLayer):
            mean, variance = statistics(given)
            layer.running_mean.copy_(mean)
            layer.running_var.copy_(variance)

    if any(isinstance(layer, BatchNormLayer) for layer in network.layers.values()):
        with shown_inputs(network, settle):
            network(clip)


def statistics(given: Tensor) -> tuple[Tensor, Tensor]:
    """The mean and the variance of each channel of clips, no variance far below those of the others."""
    values = given.movedim(1, 0).flatten(1)
    variance = values.var(1, correction=0)
    return values.mean(1), variance.clamp_min(LEAST_SHARE * float(variance.mean()) + LEAST_VARIANCE)


@contextmanager
def shown_inputs(network: ClipNetwork, visit: Callable[[Layer[Op], Tensor], None]) -> Iterator[None]:
    """Shows each layer what it reads, before it runs."""
    run = network._run

    def visited(name: str, inputs: Sequence[Tensor | Groups], overwrites: bool) -> Tensor | Groups:
        first = inputs[0]
        if isinstance(first, Groups):  # all their values, as one row of a single clip
            values = [clips.movedim(1, 0).flatten(1) for clips in first.clips]
            first = torch.cat(values, dim=1)[None, :, None, None]
        visit(network.layers[name], first)
        return run(name, inputs, overwrites)

    network._run = visited  # type: ignore[method-assign]
    try:
        yield
    finally:
        del network._run
