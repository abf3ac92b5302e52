"""Tensors in safetensors files: written whole with what they are for, read once the file has been checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from costmodel.emit.weights_file import problem_of, shown
from costmodel.errors import WeightsError
from costmodel.files import read_file, write_whole
from costmodel.weights import About, WeightsFile, read_weights_file
from costmodel.weights.file import ABOUT, ALIASES
from costmodel.weights.header import LARGEST_FILE


def weights_bytes(tensors: Mapping[str, Tensor], about: About) -> bytes:
    """A file of weights; tensors that share their numbers are written once, under the first name."""
    # safetensors refuses tensors that share memory.
    first: dict[object, str] = {}
    aliases: dict[str, str] = {}
    for name, tensor in tensors.items():
        meant = first.setdefault(_numbers_of(tensor), name)
        if meant != name:
            aliases[name] = meant
    # Copies in the plain order of axes: views of one storage are told apart, whatever layout they run in.
    own = {name: _plain(tensor) for name, tensor in tensors.items() if name not in aliases}
    metadata = {ABOUT: about.to_text()} | ({ALIASES: json.dumps(aliases)} if aliases else {})
    content: bytes = safetensors.torch.save(own, metadata)
    return content


def write_weights(path: Path, tensors: Mapping[str, Tensor], about: About) -> None:
    """Writes a file of weights; it is the old one or the new one, whatever happens.

    Raises:
        OutputError: it cannot be written.
    """
    write_whole(path, weights_bytes(tensors, about))


def read_weights(path: str | Path) -> tuple[WeightsFile, dict[str, Tensor]]:
    """What a file says of itself, and its tensors by name.

    Raises:
        WeightsError: it cannot be read, or a tensor is none of finite numbers.
    """
    file = read_weights_file(path)
    try:
        found: dict[str, Tensor] = safetensors.torch.load(read_file(Path(path), LARGEST_FILE))
    except (OSError, SafetensorError, ValueError) as error:  # it was changed meanwhile
        raise WeightsError(f"{path}: cannot be read: {shown(str(error))}") from error
    found |= {name: found[meant] for name, meant in file.aliases.items() if meant in found}
    for name, tensor in found.items():
        problem = problem_of(tensor)
        if problem:
            raise WeightsError(f"{path}: {shown(name)!r} is {problem}")
    return file, found


def _numbers_of(tensor: Tensor) -> object:
    """What two tensors of the same numbers in memory have in common; an empty one has none."""
    if not tensor.numel():
        return object()
    place = (tensor.device, tensor.data_ptr())
    return (*place, tensor.dtype, tuple(tensor.shape), tensor.stride())


def _plain(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
