"""Weights read into a network that transforms have changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from costmodel.emit.build import emit
from costmodel.emit.network import Network as RunningNetwork
from costmodel.emit.weights import Loaded, load_weights
from costmodel.errors import EmitError
from costmodel.network import Network
from costmodel.weights import is_weights_file, read_weights_file


def load_carried(network: Network, running: RunningNetwork, path: str | Path) -> Loaded:
    """Reads a checkpoint into what runs a network: one of the network itself, or of the spec's own network.

    A file that knows its network says which transforms its weights were trained with.

    Raises:
        EmitError: the file cannot be read, or its tensors are another network's.
        TransformError: a transform of the network carries no weights over.
    """
    done = _trained_with(network, path)
    own = emit(replace(network, transforms=network.transforms[:done]).graph())
    if own.state_dict().keys() == running.state_dict().keys():
        return load_weights(running, path)
    try:
        return load_weights(running, path)  # of a network that was trained with these transforms
    except EmitError:
        loaded = load_weights(own, path)
    running.load_state_dict(network.carried(own.state_dict(), done))
    return loaded


def _trained_with(network: Network, path: str | Path) -> int:
    """How many of a network's first transforms the weights of a file were trained with."""
    about = read_weights_file(path).about if is_weights_file(path) else None
    theirs = () if about is None else about.network.transforms
    number = 0
    while network.transforms[: number + 1] == theirs[: number + 1] and number < len(theirs):
        number += 1
    return number
