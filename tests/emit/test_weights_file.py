"""Weights from strangers: nothing runs, and what is no plain finite tensor is named in one line."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from costmodel.emit.weights_file import read_content, tensors_of
from costmodel.errors import EmitError


def saved(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "w.pt"
    torch.save(content, path)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(EmitError) as error:
        tensors_of(path, read_content(path))
    text = str(error.value).removeprefix(f"{path}: ")
    assert text.isprintable()
    return text


def nested() -> torch.Tensor:
    return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("tensor", "found"),
    [
        (lambda: torch.eye(2).to_sparse(), "sparse"),
        (lambda: torch.empty(2, device="meta"), "without values (meta)"),
        (lambda: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "quantised"),
        (lambda: torch.ones(2, dtype=torch.complex64), "complex"),
    ],
)
def test_tensors_of_other_kinds_are_named(tmp_path: Path, tensor: Callable[[], torch.Tensor], found: str):
    expected = f"'a' is a tensor that is {found}, expected plain numbers"
    assert refusal(saved(tmp_path, {"a": tensor()})) == expected


@pytest.mark.filterwarnings("ignore")
def test_a_nested_tensor_is_refused(tmp_path: Path):
    assert "a" in refusal(saved(tmp_path, {"a": nested()}))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (
            {"a": torch.tensor([1.0, float("nan")])},
            "'a' is a tensor with NaN or infinite values, expected finite numbers",
        ),
        (
            {"a": torch.tensor(float("inf"))},
            "'a' is a tensor with NaN or infinite values, expected finite numbers",
        ),
        ({"weights": None}, "'weights' holds NoneType, expected tensors by name"),
        ({"weights": {}}, "'weights' holds dict, expected tensors by name"),
        ({"state_dict": [1]}, "'state_dict' holds list, expected tensors by name"),
        ({"a": 1}, "'a' is int, expected a tensor"),
        ({"a\x1b[31m\n": 1}, "'a\\x1b[31m\\n' is int, expected a tensor"),
        ({"a" * 100: 1}, f"'{'a' * 60}...' is int, expected a tensor"),
        ({1: torch.ones(1)}, "'1' as a name, expected text"),
        ({"weights": {1: torch.ones(1)}}, "'1' is no text as a name"),
        ([torch.ones(1)], "holds list, expected tensors by name"),
        ({}, "holds dict, expected tensors by name"),
        (None, "holds NoneType, expected tensors by name"),
    ],
)
def test_what_are_no_weights_is_named(tmp_path: Path, content: object, found: str):
    assert refusal(saved(tmp_path, content)) == found


def test_a_tensor_that_shows_more_than_it_holds_is_refused_unread(tmp_path: Path):
    huge = torch.zeros(1).expand(1 << 40)
    found = "'a' is a tensor of (1099511627776,) that holds fewer numbers, expected all of them"
    assert refusal(saved(tmp_path, {"a": huge})) == found


def test_a_compressed_archive_is_refused_unread(tmp_path: Path):
    plain = zipfile.ZipFile(saved(tmp_path, {"a": torch.zeros(1 << 16)}))
    with zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in plain.infolist():
            packed.writestr(entry.filename, plain.read(entry))
    found = "a compressed archive, expected one of torch.save, which is not"
    assert refusal(tmp_path / "packed.pt") == found


@pytest.mark.parametrize("old", [False, True])
def test_a_checkpoint_of_either_format_is_read(tmp_path: Path, old: bool):
    content = io.BytesIO()
    torch.save({"a": torch.ones(2)}, content, _use_new_zipfile_serialization=not old)
    path = tmp_path / "w.pt"
    path.write_bytes(content.getvalue())
    assert tensors_of(path, read_content(path))["a"].tolist() == [1, 1]


def test_a_pipe_a_device_and_a_folder_are_refused_at_once(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "cannot be read: is a named pipe, expected a file"
    assert refusal(Path("/dev/zero")) == "cannot be read: is a device, expected a file"
    assert refusal(tmp_path) == "cannot be read: is a folder, expected a file"
    assert refusal(tmp_path / "a\0b") == "cannot be read: embedded null byte"
