"""Files of weights and checkpoints, each written whole or not at all."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from costmodel.analysis.head import last_weighted
from costmodel.emit import Network
from costmodel.emit.carried import load_into
from costmodel.emit.weights import fitted_to
from costmodel.emit.weights_file import read_content
from costmodel.errors import DataError, EmitError, GraphError
from costmodel.files import OutputError, write_whole

NEW_CLASSIFIER = "--new-classifier begins a new one, --freeze trains that alone"
WeightsPath = str | os.PathLike[str]  # a `Checkpoint` too, which says how its file is read


def write(path: Path, content: Mapping[str, object] | str | bytes) -> None:
    """Writes tensors and plain values, text or bytes; the file is the old one or the new one.

    Raises:
        DataError: it cannot be written, such as on a full disk; the file is as it was before.
    """
    # made in memory first: torch.save straight to a full disk would leave half a file
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
    """The content of a file that `write` wrote: tensors and plain values, no pickled code.

    Raises:
        DataError: there is no such file, or it is damaged.
    """
    try:
        return read_content(path)
    except EmitError as error:
        is_missing = isinstance(error.__cause__, FileNotFoundError)
        raise DataError(f"{path}: there is no such file" if is_missing else str(error)) from error


def load_weights(network: Network, path: WeightsPath, *, new_classifier: bool = False) -> tuple[str, ...]:
    """Loads the weights of a file into a network.

    Args:
        network: what they are for, clip or stream.
        path: what a training run wrote, or a checkpoint of others.
        new_classifier: whether weights of a last layer of another size are left out.

    Returns:
        The names of the values left out.

    Raises:
        DataError: they are another network's; the network is as it was before.
    """
    spare = _of_classifier(network) if new_classifier else frozenset()
    try:
        return load_into(network, path, spare=spare).spared
    except EmitError as error:
        raise DataError(str(error)) from error


def _of_classifier(network: Network) -> frozenset[str]:
    """The names of the classifier's values."""
    last = classifier_of(network)
    # a value is called `layer.value`, and a layer's own name may hold dots: the last one divides them
    return frozenset(name for name in network.state_dict() if name.rpartition(".")[0] == last)


def is_of_other_classes(network: Network, path: WeightsPath) -> bool:
    """Whether the weights of a file fit a network but for its classifier."""
    try:
        fitted_to(network.state_dict(), path, spare=_of_classifier(network))
    except EmitError:
        return False
    return True


def load_rest(network: Network, head: Sequence[str], path: str | os.PathLike[str]) -> None:
    """Loads the weights of all layers but the head; the head's as well, if all of them fit.

    Raises:
        DataError: they are another network's ahead of the head.
    """
    own = network.state_dict()
    in_head = frozenset(name for name in own if name.rpartition(".")[0] in head)
    rest = {name: value for name, value in own.items() if name not in in_head}
    try:
        found = fitted_to(rest, path, strict=False).tensors
    except EmitError as error:
        raise DataError(str(error)) from error
    # weights of another task have another head, as a rule: ours then keeps its fresh values
    with suppress(EmitError):
        found = fitted_to(own, path).tensors
    network.load_state_dict({**own, **found})


def classifier_of(network: Network) -> str:
    """The name of the classifier: the last layer that has weights and is no norm.

    Raises:
        DataError: it has none.
    """
    try:
        return last_weighted(network.graph).name
    except GraphError as error:
        raise DataError(str(error)) from error
