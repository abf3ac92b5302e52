"""Tensors in safetensors files, with what they are for."""

from pathlib import Path

import pytest
import torch

from costmodel.emit.weights import read_checkpoint
from costmodel.emit.weights_format import read_weights, write_weights
from costmodel.errors import WeightsError
from costmodel.network import Network
from costmodel.spec.document import from_text
from costmodel.weights import About

SPEC = "{input: {channels: 1, time: 2, height: 4, width: 4}, network: [global_pool, linear: {channels: 2}]}"
ABOUT = About(Network(from_text(SPEC, "tiny")), classes=("a", "b"))


def test_tensors_and_what_they_are_for_are_read_back(tmp_path: Path):
    given = {
        "a": torch.arange(120.0).view(1, 2, 3, 4, 5).to(memory_format=torch.channels_last_3d),
        "b": torch.tensor(3),
        "c": torch.ones(2, dtype=torch.float16),
        "empty": torch.ones(0, 2),
    }
    write_weights(tmp_path / "w.safetensors", given, ABOUT)
    file, found = read_weights(tmp_path / "w.safetensors")
    assert file.known.classes == ("a", "b")
    assert found.keys() == given.keys()
    assert all(torch.equal(found[name], given[name]) for name in given)
    assert all(found[name].dtype == given[name].dtype for name in given)
    assert read_checkpoint(tmp_path / "w.safetensors").keys() == given.keys()


def test_shared_storages_are_written_once_and_views_apart(tmp_path: Path):
    tied = torch.arange(1000.0)
    given = {"a": tied, "b": tied, "half": tied[:500], "other half": tied[500:]}
    write_weights(tmp_path / "w.safetensors", given, ABOUT)
    file, found = read_weights(tmp_path / "w.safetensors")
    assert file.aliases == {"b": "a"}
    assert found["b"] is found["a"]
    assert all(torch.equal(found[name], given[name]) for name in given)
    assert sum(each.end - each.begin for each in file.tensors.values()) == 8000


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path):
    write_weights(tmp_path / "w.safetensors", {"a": torch.tensor([1.0, torch.nan])}, ABOUT)
    with pytest.raises(WeightsError, match="'a' is a tensor with NaN or infinite values"):
        read_weights(tmp_path / "w.safetensors")


def test_a_file_half_written_is_one_line(tmp_path: Path):
    path = tmp_path / "w.safetensors"
    write_weights(path, {"a": torch.ones(100)}, ABOUT)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(WeightsError, match="is cut short: 200 bytes of tensors, its header says 400"):
        read_weights(path)
