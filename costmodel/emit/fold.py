"""Batch norms folded into the layers ahead of them, values included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import torch
from torch import Tensor

from costmodel.emit.modules.base import Layer
from costmodel.emit.modules.pointwise import BatchNormLayer
from costmodel.emit.network import Network
from costmodel.emit.stream import StreamNetwork
from costmodel.transforms.fold_norm import fold_norm, folded_norms

AnyNetwork = TypeVar("AnyNetwork", bound=Network)


@torch.no_grad()
def fold_norms(network: AnyNetwork) -> AnyNetwork:
    """The same network with batch norms folded into convolutions and linear layers, for inference.

    A stream starts anew. The answers equal those of the network in `eval` mode, up to rounding.
    """
    graph = fold_norm(network.graph)
    folded = (
        type(network)(graph, network.init) if isinstance(network, StreamNetwork) else type(network)(graph)
    )
    like = next(network.parameters(), torch.empty(0))
    folded.to(like.device, like.dtype).eval()
    values = network.state_dict()
    norms = {source: name for name, source in folded_norms(network.graph).items()}
    for name, layer in folded.layers.items():
        own = {key: values[f"{name}.{key}"] for key, _ in _own(layer) if f"{name}.{key}" in values}
        if name in norms:
            norm = network.layers[norms[name]]
            assert isinstance(norm, BatchNormLayer)
            own = _folded(own, norm)
        _fill(layer, own)
    return folded


def _folded(own: dict[str, Tensor], norm: BatchNormLayer) -> dict[str, Tensor]:
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    weight = own["weight"]
    bias = own.get("bias", torch.zeros_like(scale))
    return {
        "weight": weight * scale.view(-1, *(1,) * (weight.dim() - 1)),
        "bias": (bias - norm.running_mean) * scale + norm.bias,
    }


def _fill(layer: Layer[Any], values: dict[str, Tensor]) -> None:
    for key, value in _own(layer):
        value.copy_(values[key])


def _own(layer: Layer[Any]) -> Iterator[tuple[str, Tensor]]:
    yield from layer.named_parameters(recurse=False)
    yield from layer.named_buffers(recurse=False)
