"""Weights read into a network that transforms have changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from costmodel.emit.build import emit
from costmodel.emit.network import Network as RunningNetwork
from costmodel.emit.weights import Loaded, load_weights
from costmodel.errors import EmitError
from costmodel.network import Network


def load_carried(network: Network, running: RunningNetwork, path: str | Path) -> Loaded:
    """Reads a checkpoint into what runs a network: one of the network itself, or of the spec's own network.

    Raises:
        EmitError: the file cannot be read, or its tensors are another network's.
        TransformError: a transform of the network carries no weights over.
    """
    own = emit(replace(network, transforms=()).graph())
    if own.state_dict().keys() == running.state_dict().keys():
        return load_weights(running, path)
    try:
        return load_weights(running, path)  # of a network that was trained with these transforms
    except EmitError:
        loaded = load_weights(own, path)
    running.load_state_dict(network.carried(own.state_dict()))
    return loaded
