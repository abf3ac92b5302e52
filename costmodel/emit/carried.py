"""Weights read into a network that transforms have changed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from costmodel.emit.build import emit
from costmodel.emit.weights import Loaded, fitted_to, load_weights
from costmodel.errors import EmitError
from costmodel.graph import Graph
from costmodel.network import Network
from costmodel.weights import Checkpoint, is_weights_file, read_weights_file


def load_carried(
    network: Network,
    running: nn.Module,
    path: str | os.PathLike[str],
    *,
    spare: frozenset[str] = frozenset(),
) -> Loaded:
    """Reads a checkpoint into a running network, trained with the network's transforms or without them.

    A file that knows its network says which transforms its weights were trained with.

    Args:
        network: with its transforms.
        running: what runs it, clip or stream.
        path: the checkpoint.
        spare: tensors that may have another shape there; those are left as they are.

    Raises:
        EmitError: the file cannot be read, or its tensors are another network's.
        TransformError: a transform of the network carries no weights over.
    """
    done = _trained_with(network, Checkpoint.of(path).path)
    own = emit(replace(network, transforms=network.transforms[:done]).graph())
    # Nothing to carry where all are alike; an error then speaks of this network and not of a second try.
    if _shapes(own) == _shapes(running):
        return load_weights(running, path, spare=spare)
    try:
        return load_weights(running, path, spare=spare)  # of a network that was trained with these transforms
    except EmitError:
        loaded = load_weights(own, path, spare=spare)
    tensors = network.carried(own.state_dict(), done)
    found = running.load_state_dict(
        {name: value for name, value in tensors.items() if name not in loaded.spared}, strict=False
    )
    _must_be_whole(own, running, found.missing_keys, loaded.spared)
    return loaded


def _shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def _must_be_whole(own: nn.Module, running: nn.Module, missing: list[str], spared: tuple[str, ...]) -> None:
    """Layers that transforms have added are untrained; all others have their weights."""
    known = {name.rpartition(".")[0] for name in own.state_dict()}
    lost = [name for name in missing if name.rpartition(".")[0] in known and name not in spared]
    if lost:
        raise EmitError(f"{type(running).__name__}: transforms carried no weights over for {', '.join(lost)}")


def load_into(
    running: nn.Module, path: str | os.PathLike[str], *, spare: frozenset[str] = frozenset()
) -> Loaded:
    """Reads a checkpoint into a running network, through the transforms of what it is read for, if any.

    Raises:
        CostModelError: it cannot be read, or is another network's.
    """
    network = Checkpoint.of(path).network
    if network is None:
        return load_weights(running, path, spare=spare)
    return load_carried(network, running, path, spare=spare)


def names_fit(graph: Graph, path: str | os.PathLike[str]) -> bool:
    """Whether a checkpoint can be read and has the tensors of a network, whatever their shapes."""
    # Names alone are asked for: meta tensors take no memory, and `spare` passes over every shape.
    with torch.device("meta"):
        wanted = emit(graph).state_dict()
    try:
        fitted_to(wanted, path, spare=frozenset(wanted))
    except EmitError:
        return False
    return True


def _trained_with(network: Network, path: Path) -> int:
    """How many of a network's first transforms the weights of a file were trained with."""
    about = read_weights_file(path).about if is_weights_file(path) else None
    theirs = () if about is None else about.network.transforms
    number = 0
    while network.transforms[: number + 1] == theirs[: number + 1] and number < len(theirs):
        number += 1
    return number
