"""Broken safetensors files are refused in one line each, or load: nothing in them is believed unchecked."""

import json
import struct
from pathlib import Path

from mutations import mutations

from costmodel.emit import emit
from costmodel.emit.weights import load_weights
from costmodel.emit.weights_format import weights_bytes
from costmodel.network import Network
from costmodel.spec.document import from_text
from costmodel.weights import About, read_weights_file

SPEC = """
input: {channels: 1, time: 2, height: 8, width: 8}
sizes: {classes: 2}
network:
  - conv: {channels: 2, kernel: [1, 3, 3]}
  - bn
  - global_pool
  - linear: {channels: classes}
"""
LENGTH = 8


def contents(number: int):
    """Mutations of a whole file; of its header alone, its length kept true; of the metadata inside."""
    network = Network(from_text(SPEC, "tiny"))
    whole = weights_bytes(emit(network.graph()).state_dict(), About(network, classes=("a", "b")))
    end = LENGTH + int.from_bytes(whole[:LENGTH], "little")
    each = -(-number // 3)
    yield from mutations(whole, each)
    for header in mutations(whole[LENGTH:end], each):
        yield struct.pack("<Q", len(header)) + header + whole[end:]
    entries = json.loads(whole[LENGTH:end])
    for about in mutations(entries["__metadata__"]["costmodel"].encode(), each):
        metadata = {"costmodel": about.decode("utf-8", "replace")}
        header = json.dumps(entries | {"__metadata__": metadata}).encode()
        yield struct.pack("<Q", len(header)) + header + whole[end:]


def test_broken_safetensors_files_are_refused_in_one_line_or_read(tmp_path: Path, number: int, survive):
    network = emit(Network(from_text(SPEC, "tiny")).graph())

    def read(path: Path) -> None:
        about = read_weights_file(path).about
        load_weights(network, path)
        if about is not None:
            about.network.graph()

    read_well, refused = survive(tmp_path / "weights.safetensors", contents(number), read)
    assert read_well + refused >= number
    assert refused > number / 2
