"""Files of weights and checkpoints, each written whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from costmodel.analysis.head import last_weighted
from costmodel.emit import Network
from costmodel.emit.weights_file import read_content, shown, tensors_of
from costmodel.emit.weights_format import read_weights
from costmodel.errors import DataError, EmitError, GraphError
from costmodel.files import OutputError, write_whole
from costmodel.weights import is_weights_file


def write(path: Path, content: Mapping[str, Any] | str | bytes) -> None:
    """Writes tensors and plain values, text or bytes; the file is the old one or the new one.

    Raises:
        DataError: it cannot be written, such as on a full disk; the file is as it was before.
    """
    data = io.BytesIO()
    if isinstance(content, str):
        data.write(content.encode())
    elif isinstance(content, bytes):
        data.write(content)
    else:
        torch.save(dict(content), data)
    try:
        write_whole(path, data.getvalue())
    except OutputError as error:
        kept = "; the last one is kept" if path.exists() else ""
        raise DataError(f"{error}{kept}") from error


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote: tensors and plain values alone, nothing that runs.

    Raises:
        DataError: there is no such file, or it is damaged.
    """
    try:
        return read_content(path)
    except EmitError as error:
        is_missing = isinstance(error.__cause__, FileNotFoundError)
        raise DataError(f"{path}: there is no such file" if is_missing else str(error)) from error


def load_weights(network: Network, path: Path, *, new_classifier: bool = False) -> tuple[str, ...]:
    """Loads the weights of a file into a network.

    Args:
        network: what they are for, clip or stream.
        path: what a training run wrote, or a state_dict.
        new_classifier: whether weights of a last layer of another size are left out.

    Returns:
        The names of the values left out.

    Raises:
        DataError: they are another network's; the network is as it was before.
    """
    try:
        found: Mapping[str, Tensor] = _tensors(path)
    except EmitError as error:
        raise DataError(str(error)) from error
    own = network.state_dict()
    left_out: tuple[str, ...] = ()
    if new_classifier:
        last = classifier_of(network)
        of_it = (name for name in own if name.rpartition(".")[0] == last)
        left_out = tuple(name for name in of_it if name in found and found[name].shape != own[name].shape)
        found = {name: own[name] if name in left_out else value for name, value in found.items()}
    problem = _difference(own, found)
    if problem:
        raise DataError(f"{path}: weights of another network; {problem}")
    network.load_state_dict(found)
    return left_out


def _tensors(path: Path) -> dict[str, Tensor]:
    return read_weights(path)[1] if is_weights_file(path) else tensors_of(path, read(path))


def load_rest(network: Network, head: Sequence[str], path: Path) -> None:
    """Loads the weights of a file into a network without its head; the head's too, where all of them fit.

    Raises:
        DataError: they are another network's ahead of the head.
    """
    try:
        found = _tensors(path)
    except EmitError as error:
        raise DataError(str(error)) from error
    own = network.state_dict()
    in_head = {name for name in own if name.rpartition(".")[0] in head}
    rest = {name: value for name, value in own.items() if name not in in_head}
    problem = _difference(rest, {name: found[name] for name in rest if name in found})
    if problem:
        raise DataError(f"{path}: weights of another network; {problem}")
    fits = all(name in found and found[name].shape == own[name].shape for name in in_head)
    network.load_state_dict({name: found[name] if fits or name in rest else own[name] for name in own})


def classifier_of(network: Network) -> str:
    """The name of the classifier, the last layer with weights but norms.

    Raises:
        DataError: it has none.
    """
    try:
        return last_weighted(network.graph).name
    except GraphError as error:
        raise DataError(str(error)) from error


def _difference(own: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str | None:
    missing = [name for name in own if name not in found]
    if missing:
        return f"{missing[0]!r} is not there, nor are {len(missing) - 1} others"
    unknown = [name for name in found if name not in own]
    if unknown:
        return f"{shown(unknown[0])!r} is not the network's, nor are {len(unknown) - 1} others"
    for name, value in own.items():
        if found[name].shape != value.shape:
            return f"{name!r} is {tuple(found[name].shape)}, expected {tuple(value.shape)}"
    return None
