"""Files of weights, read without trusting them: nothing in them runs or stands for more than it holds."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from costmodel.emit.checkpoints.wrappers import unwrapped
from costmodel.errors import EmitError, one_line
from costmodel.files import open_file

LARGEST_FILE = 8 << 30
MOST_ENTRIES = 100_000
LONGEST_NAME = 60


def read_content(path: Path) -> dict[str, object]:
    """What `torch.save` wrote, by name: tensors and plain values alone (`weights_only`).

    Raises:
        EmitError: the file is missing, no file, too large, damaged, foreign, or would run code.
    """
    try:
        with open_file(path) as file:
            _must_be_plain(path, file)
            content = _loaded(file)
    except OSError as error:
        raise EmitError(f"{path}: cannot be read: {error.strerror or error}") from error
    except EmitError:
        raise
    except pickle.UnpicklingError as error:
        reason = "holds what could run code when it is read, or is no checkpoint"
        raise EmitError(f"{path}: {reason}; expected tensors and plain values of torch.save") from error
    except Exception as error:  # a broken file ends in whatever the reader of pickles stumbles over
        raise EmitError(f"{path}: truncated, or no checkpoint of torch.save") from error
    if not isinstance(content, Mapping) or not content:
        raise EmitError(f"{path}: holds {type(content).__name__}, expected tensors by name")
    wrong = next((name for name in content if not isinstance(name, str)), None)
    if wrong is not None:
        raise EmitError(f"{path}: {shown(wrong)!r} as a name, expected text")
    return dict(content)


def _loaded(file: BinaryIO) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the pickle's protocol: what cannot be read is refused
        return torch.load(file, map_location="cpu", weights_only=True)


def _must_be_plain(path: Path, file: BinaryIO) -> None:
    """Raises EmitError where a file is too large, or its archive would unfold to more than the file."""
    size = file.seek(0, 2)
    file.seek(0)
    if size > LARGEST_FILE:
        raise EmitError(f"{path}: {size} bytes, at most {LARGEST_FILE} are read")
    # A zip archive; files of PyTorch before 1.6 are bare pickles, which cannot unfold to more than they are.
    if file.read(2) == b"PK":
        entries = zipfile.ZipFile(file).infolist()
        packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
        if packed or sum(entry.file_size for entry in entries) > size:
            raise EmitError(f"{path}: a compressed archive, expected one of torch.save, which is not")
    file.seek(0)


def tensors_of(path: Path, content: Mapping[str, object]) -> dict[str, Tensor]:
    """The tensors of a file by name, those of a checkpoint that holds further values too.

    Raises:
        EmitError: something else stands among them, or a tensor is none of finite numbers.
    """
    key, inner = unwrapped(content)
    if not isinstance(inner, Mapping) or not inner:
        raise EmitError(f"{path}: {shown(key)!r} holds {type(inner).__name__}, expected tensors by name")
    content = inner
    if len(content) > MOST_ENTRIES:
        raise EmitError(f"{path}: {len(content)} tensors, at most {MOST_ENTRIES} are read")
    found: dict[str, Tensor] = {}
    for name, value in content.items():
        problem = "no text as a name" if not isinstance(name, str) else problem_of(value)
        if problem:
            raise EmitError(f"{path}: '{shown(name)}' is {problem}")
        assert isinstance(value, Tensor)
        found[name] = value.detach()
    return found


def problem_of(value: object) -> str:
    """Why a value is no tensor of weights, in words; empty where it is one."""
    if not isinstance(value, Tensor):
        return f"{type(value).__name__}, expected a tensor"
    kinds = {
        "sparse": value.layout is not torch.strided,
        "nested": value.is_nested,
        "quantised": value.is_quantized,
        "without values (meta)": value.device.type == "meta",
        "complex": value.is_complex(),
    }
    odd = next((kind for kind, holds in kinds.items() if holds), None)
    if odd is not None:
        return f"a tensor that is {odd}, expected plain numbers"
    # An expanded tensor has strides of 0: a few bytes that stand for terabytes once they are copied.
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        return f"a tensor of {tuple(value.shape)} that holds fewer numbers, expected all of them"
    if value.is_floating_point() and not bool(torch.isfinite(value).all()):
        return "a tensor with NaN or infinite values, expected finite numbers"
    return ""


def shown(name: object) -> str:
    """A tensor's name in a message: on one line and of bounded length."""
    if not isinstance(name, str):
        name = str(name) if isinstance(name, int | float) else type(name).__name__
    return one_line(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}...")
