"""The header of a safetensors file: the name, kind, shape and place of each tensor, and the metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

from costmodel.errors import WeightsError, one_line
from costmodel.files import open_file

# Bounds for a stranger's file, far above what networks need.
LARGEST_HEADER = 16 << 20
LARGEST_FILE = 8 << 30
MOST_TENSORS = 100_000
MOST_AXES = 16
LENGTH_BYTES = 8
METADATA = "__metadata__"
# Bytes of a number of each kind that weights are read in.
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


@dataclass(frozen=True)
class Stored:
    """A tensor as a file holds it: the kind of its numbers, its shape, its bytes behind the header."""

    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Header:
    """The tensors of a file by name, and its metadata."""

    tensors: Mapping[str, Stored]
    metadata: Mapping[str, str]


def looks_like_one(path: Path) -> bool:
    """Whether a file begins as safetensors do: with a length that it has room for, then JSON."""
    try:
        with open_file(path) as file:
            head, size = file.read(LENGTH_BYTES + 1), file.seek(0, 2)
    except OSError:
        return False
    # The format: the header's length in 8 bytes, the header
    # as JSON, the tensors  (safetensors' README, "Format").
    length = int.from_bytes(head[:LENGTH_BYTES], "little")
    return head[LENGTH_BYTES:] == b"{" and LENGTH_BYTES + length <= size


def read_header(path: Path) -> Header:
    """The header of a file; nothing in it is believed before it is checked.

    Raises:
        WeightsError: the file is missing, cut short, damaged, too large, or something else.
    """
    try:
        with open_file(path) as file:
            return _header(file)
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: there is no such file") from error
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror or error}") from error
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error


def _header(file: BinaryIO) -> Header:
    # Of what was opened, not of the path, where another file may stand by now.
    size = file.seek(0, 2)
    file.seek(0)
    if size > LARGEST_FILE:
        raise WeightsError(f"{size} bytes, at most {LARGEST_FILE} are read")
    length = int.from_bytes(file.read(LENGTH_BYTES), "little")
    # The length is a stranger's: it is compared with the file before anything of that size is read.
    if size <= LENGTH_BYTES or length > size - LENGTH_BYTES:
        raise WeightsError("is cut short, or no safetensors file")
    if length > LARGEST_HEADER:
        raise WeightsError(f"a header of {length} bytes, at most {LARGEST_HEADER} are read")
    entries = _entries(file.read(length))
    metadata = entries.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(each, str) for each in metadata.values()):
        raise WeightsError(f"{METADATA} is no mapping of texts")
    if len(entries) > MOST_TENSORS:
        raise WeightsError(f"{len(entries)} tensors, at most {MOST_TENSORS} are read")
    tensors = {name: _stored(name, entry) for name, entry in entries.items()}
    _must_fill(tensors, size - LENGTH_BYTES - length)
    return Header(tensors, metadata)


def _entries(content: bytes) -> dict[str, object]:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise WeightsError("a name stands twice in its header")
        return found

    try:
        # Of a name that stands twice Python keeps the last,
        # another reader may keep the first: two files in one.
        entries = json.loads(content.decode(), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise WeightsError("is damaged, or no safetensors file: its header is no JSON") from error
    if not isinstance(entries, dict):
        raise WeightsError("is damaged, or no safetensors file: its header is no mapping")
    return entries


def _stored(name: str, entry: object) -> Stored:
    what = f"the tensor {one_line(name[:60])!r}"
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise WeightsError(f"{what} has no dtype, shape and data_offsets")
    kind, shape, places = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in BYTES:
        raise WeightsError(f"{what} is of kind {one_line(str(kind)[:20])!r}, expected {', '.join(BYTES)}")
    if not _are_sizes(shape, MOST_AXES) or not _are_sizes(places, 2) or len(places) != 2:
        raise WeightsError(f"{what} has another shape or place than whole numbers")
    begin, end = places
    if end - begin != prod(shape) * BYTES[kind]:
        raise WeightsError(f"{what} of shape {tuple(shape)} does not fit its {end - begin} bytes")
    return Stored(kind, tuple(shape), begin, end)


def _are_sizes(value: object, most: int) -> bool:
    if not isinstance(value, list) or len(value) > most:
        return False
    # Bounded one by one, so that products of them stay numbers that are quick to work out.
    return all(isinstance(each, int) and not isinstance(each, bool) and 0 <= each < 2**48 for each in value)


def _must_fill(tensors: Mapping[str, Stored], size: int) -> None:
    """Raises WeightsError unless the tensors lie one behind the other, to the end of the file."""
    # Bytes that no tensor stands for could carry anything.
    at = 0
    for each in sorted(tensors.values(), key=lambda each: (each.begin, each.end)):
        if each.begin != at:
            raise WeightsError("its tensors overlap, or leave gaps")
        at = each.end
    if at > size:
        raise WeightsError(f"is cut short: {size} bytes of tensors, its header says {at}")
    if at < size:
        raise WeightsError(f"{size - at} bytes behind its last tensor, expected none")
