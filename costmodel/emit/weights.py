"""Weights that people already have: checkpoints read without trusting them, their layout detected."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from costmodel.emit.checkpoints.difference import COUNTERS
from costmodel.emit.checkpoints.fit import Fitted, Reading, fit
from costmodel.emit.weights_file import read_content, tensors_of
from costmodel.emit.weights_format import read_weights
from costmodel.errors import EmitError
from costmodel.weights import Checkpoint, is_weights_file


@dataclass(frozen=True)
class Loaded:
    """What was read from a checkpoint, and how.

    Args:
        layout: how the checkpoint names its tensors.
        tensors: how many were read.
        unexpected: those that the network does not have, by the checkpoint's names; left out.
        spared: the network's own that were not read, because they may have another shape.
        told: what was done to the names and shapes, in words.
    """

    layout: str
    tensors: int
    unexpected: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    told: str = ""


def load_weights(
    network: nn.Module,
    path: str | os.PathLike[str],
    *,
    strict: bool = True,
    spare: frozenset[str] = frozenset(),
) -> Loaded:
    """Reads a checkpoint into a network: our own, or one of the published layouts.

    Args:
        network: an emitted network, clip or stream.
        path: a safetensors file, or of `torch.save` a state dict or a checkpoint that holds one; a
            `Checkpoint` says how its names are read.
        strict: whether tensors of the checkpoint that the network does not have are refused.
        spare: tensors of the network that may have another shape there; those are left as they are.

    Raises:
        EmitError: the file cannot be read, holds anything but tensors and plain values, or tensors are
            missing, unexpected or of the wrong shape; the network is as it was before.
        SpecError: the mapping is wrong.
    """
    wanted = network.state_dict()
    fitted = fitted_to(wanted, path, strict=strict, spare=spare)
    # Not strict: what is missing has been refused by now, but for what is spared and counts of batches.
    network.load_state_dict(dict(fitted.tensors), strict=False)
    return loaded_of(fitted, wanted)


def fitted_to(
    wanted: Mapping[str, Tensor],
    path: str | os.PathLike[str],
    *,
    strict: bool = True,
    spare: frozenset[str] = frozenset(),
) -> Fitted:
    """A checkpoint's tensors under the names of a network's `state_dict`; `load_weights` has the rest.

    Raises:
        EmitError: they are another network's.
    """
    checkpoint = Checkpoint.of(path)
    # That format sorts tensors, by the width of their numbers and then by name.
    if checkpoint.by_order and is_weights_file(checkpoint.path):
        raise EmitError(f"{path}: --by-order: safetensors keep no order, expected a file of torch.save")
    found = read_checkpoint(checkpoint.path)
    reading = Reading(checkpoint.mapping, checkpoint.by_order, strict, spare)
    try:
        fitted = fit(found, wanted, reading)
    except EmitError as error:
        raise EmitError(f"{path}: {error}") from error
    if fitted.note and checkpoint.tell is not None:
        checkpoint.tell(fitted.note)
    return fitted


def loaded_of(fitted: Fitted, wanted: Mapping[str, Tensor]) -> Loaded:
    """A summary of the tensors that were read into a network that wanted these."""
    spared = tuple(name for name in wanted if name not in fitted.tensors and not name.endswith(COUNTERS))
    return Loaded(fitted.layout, len(fitted.tensors), fitted.unexpected, spared, fitted.told)


def read_checkpoint(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a file of weights by name, of safetensors or torch.save; nothing in it is run.

    Raises:
        EmitError: the file is missing, truncated, foreign, would run code, or holds what are no weights.
    """
    if is_weights_file(path):
        return read_weights(path)[1]
    return tensors_of(Path(path), read_content(Path(path)))
