"""Headers of safetensors files, checked before anything in them is believed."""

import json
import os
import struct
from pathlib import Path

import pytest

from costmodel.errors import WeightsError
from costmodel.weights.header import LARGEST_HEADER, Stored, looks_like_one, read_header

A = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def written(folder: Path, header: object, data: bytes = bytes(8)) -> Path:
    text = header if isinstance(header, str) else json.dumps(header)
    path = folder / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text.encode() + data)
    return path


def test_a_header_names_each_tensor_and_the_metadata(tmp_path: Path):
    header = read_header(written(tmp_path, {"a": A, "__metadata__": {"x": "y"}}))
    assert header.tensors == {"a": Stored("F32", (2,), 0, 8)}
    assert header.metadata == {"x": "y"}


@pytest.mark.parametrize(
    ("header", "data", "message"),
    [
        ({"a": A}, bytes(4), "is cut short: 4 bytes of tensors, its header says 8"),
        ({"a": A}, bytes(9), "1 bytes behind its last tensor, expected none"),
        ({"a": A, "b": A}, bytes(8), "its tensors overlap, or leave gaps"),
        ({"a": A | {"shape": [3]}}, bytes(8), "the tensor 'a' of shape (3,) does not fit its 8 bytes"),
        (
            {"a": A | {"shape": [-2]}},
            bytes(8),
            "the tensor 'a' has another shape or place than whole numbers",
        ),
        ({"a": A | {"dtype": "C64"}}, bytes(8), "the tensor 'a' is of kind 'C64', expected F64, F32"),
        ({"a": {}}, bytes(8), "the tensor 'a' has no dtype, shape and data_offsets"),
        ({"__metadata__": {"a": 1}}, b"", "__metadata__ is no mapping of texts"),
        ('{"a": 1, "a": 2}', b"", "a name stands twice in its header"),
        ("[" * 100_000, b"", "is damaged, or no safetensors file: its header is no JSON"),
        ("[]", b"", "is damaged, or no safetensors file: its header is no mapping"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, header: object, data: bytes, message: str):
    path = written(tmp_path, header, data)
    with pytest.raises(WeightsError) as error:
        read_header(path)
    assert str(error.value).startswith(f"{path}: {message}")


def test_a_header_over_the_limit_is_refused_unread(tmp_path: Path):
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", LARGEST_HEADER + 1) + b"{")
        file.truncate(LARGEST_HEADER + 100)
    with pytest.raises(WeightsError, match=f"a header of {LARGEST_HEADER + 1} bytes, at most"):
        read_header(path)


@pytest.mark.parametrize("content", [b"", b"12345678", b"\xff" * 20])
def test_a_file_without_a_header_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="is cut short, or no safetensors file"):
        read_header(path)
    assert not looks_like_one(path)


def test_a_missing_file_and_a_pipe_are_named(tmp_path: Path):
    with pytest.raises(WeightsError, match="there is no such file"):
        read_header(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WeightsError, match="cannot be read: is a named pipe, expected a file"):
        read_header(tmp_path / "pipe")
