"""Running networks with batch norms folded into the layers ahead of them."""

from __future__ import annotations

from typing import TypeVar

import torch

from costmodel.emit.network import Network
from costmodel.emit.stream import StreamNetwork
from costmodel.transforms.fold import Fold

AnyNetwork = TypeVar("AnyNetwork", bound=Network)


@torch.no_grad()
def fold_norms(network: AnyNetwork) -> AnyNetwork:
    """The same network with batch norms folded into convolutions and linear layers, for inference.

    A stream starts anew. The answers equal those of the network in `eval` mode, up to rounding.
    """
    fold = Fold()
    graph = fold(network.graph)
    folded = (
        type(network)(graph, network.init) if isinstance(network, StreamNetwork) else type(network)(graph)
    )
    like = next(network.parameters(), torch.empty(0))
    folded.to(like.device, like.dtype).eval()
    folded.load_state_dict(fold.weights(network.graph, graph, network.state_dict()))
    return folded
