"""Files of weights and checkpoints, each written whole or not at all."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from costmodel.errors import DataError


def write(path: Path, content: Mapping[str, Any] | str) -> None:
    """Writes tensors and plain values, or text; the file is the old one or the new one, whatever happens.

    Raises:
        DataError: it cannot be written, such as on a full disk; the file is as it was before.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            if isinstance(content, str):
                file.write(content.encode())
            else:
                torch.save(dict(content), file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except (OSError, RuntimeError) as error:  # torch reports some failures to write as RuntimeError
        beside.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        kept = "; the last one is kept" if path.exists() else ""
        raise DataError(f"{path}: cannot be written, {reason}{kept}") from error


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote: tensors and plain values alone, nothing that runs.

    Raises:
        DataError: there is no such file, or it is damaged.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise DataError(f"{path}: not a file of weights, or damaged") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: holds {type(content).__name__}, expected weights by name")
    return content


def save_weights(network: nn.Module, path: Path, **about: Any) -> None:
    """Writes a network's weights and running statistics, and plain values about them."""
    write(path, {"weights": network.state_dict(), **about})


def load_weights(network: nn.Module, path: Path, *, new_classifier: bool = False) -> tuple[str, ...]:
    """Loads the weights of a file into a network.

    Args:
        network: what they are for, clip or stream.
        path: what `save_weights` or a training run wrote, or a state_dict.
        new_classifier: whether weights of a last layer of another size are left out.

    Returns:
        The names of the values left out.

    Raises:
        DataError: they are another network's; the network is as it was before.
    """
    content = read(path)
    found = content.get("weights", content)
    own = network.state_dict()
    left_out: tuple[str, ...] = ()
    if new_classifier:
        last = classifier_names(network)
        left_out = tuple(name for name in last if name in found and found[name].shape != own[name].shape)
        found = {name: own[name] if name in left_out else value for name, value in found.items()}
    problem = _difference(own, found)
    if problem:
        raise DataError(f"{path}: weights of another network; {problem}")
    network.load_state_dict(found)
    return left_out


def classifier_names(network: nn.Module) -> tuple[str, ...]:
    """The names of the values of the last layer that has weights of two axes, the classifier."""
    named = [name for name, value in network.named_parameters() if value.dim() == 2]
    if not named:
        raise DataError("the network has no linear layer at its end, expected a classifier")
    layer = named[-1].rpartition(".")[0]
    return tuple(name for name, _ in network.named_parameters() if name.rpartition(".")[0] == layer)


def _difference(own: Mapping[str, Tensor], found: Mapping[str, Any]) -> str | None:
    missing = [name for name in own if name not in found]
    if missing:
        return f"{missing[0]!r} is not there, nor are {len(missing) - 1} others"
    unknown = [name for name in found if name not in own]
    if unknown:
        return f"{unknown[0]!r} is not the network's, nor are {len(unknown) - 1} others"
    for name, value in own.items():
        if not isinstance(found[name], Tensor) or found[name].shape != value.shape:
            shape = tuple(getattr(found[name], "shape", ()))
            return f"{name!r} is {shape}, expected {tuple(value.shape)}"
    return None
