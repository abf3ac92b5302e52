"""A file of weights as data, without torch."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from costmodel.errors import WeightsError
from costmodel.network import Network
from costmodel.weights import About, is_weights_file, read_weights_file

A = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def written(folder: Path, metadata: dict[str, str]) -> Path:
    text = json.dumps({"a": A, "__metadata__": metadata})
    path = folder / "weights.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text.encode() + bytes(8))
    return path


def test_a_file_is_told_by_its_ending_or_its_beginning(tmp_path: Path):
    path = written(tmp_path, {})
    assert is_weights_file(path.rename(tmp_path / "weights"))
    assert is_weights_file("nowhere.safetensors")
    assert not is_weights_file("x3d_m")


def test_a_file_says_what_its_network_is_without_loading_torch(tmp_path: Path):
    path = written(tmp_path, {"costmodel": About(Network.of("x3d_s")).to_text()})
    code = (
        "import sys; from costmodel.weights import read_weights_file;"
        f"print(read_weights_file({str(path)!r}).known.network.flags, 'torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert told.split()[0] == str(path)
    assert told.split()[-1] == "False"


def test_a_file_of_another_program_demands_a_spec(tmp_path: Path):
    file = read_weights_file(written(tmp_path, {"format": "pt"}))
    with pytest.raises(WeightsError, match="holds no network, another program wrote it; expected a spec"):
        _ = file.known


@pytest.mark.parametrize("aliases", ['{"b": "c"}', '{"a": "a"}'])
def test_an_alias_of_nothing_is_refused(tmp_path: Path, aliases: str):
    path = written(tmp_path, {"aliases": aliases})
    with pytest.raises(WeightsError, match="an alias stands for no tensor of the file, or is one itself"):
        read_weights_file(path)


@pytest.mark.parametrize("aliases", ["", "[]", '{"b": 1}', "[" * 100_000])
def test_aliases_of_another_form_are_refused(tmp_path: Path, aliases: str):
    path = written(tmp_path, {"aliases": aliases})
    with pytest.raises(WeightsError, match="its aliases are no"):
        read_weights_file(path)
