"""Files of weights that a training starts from: what fits in part, not at all, or is damaged."""

from pathlib import Path

import pytest
import torch
from old_weights import save_old
from tiny_training import network, run

from costmodel.errors import DataError
from search.train.forms import form_of


def test_a_frozen_network_may_take_a_classifier_of_other_classes(tmp_path: Path):
    save_old(form_of(network(classes=7), "clip").network, tmp_path / "seven.pt")
    assert run(weights=tmp_path / "seven.pt", freeze=True).form.network.fc.weight.shape == (12, 4)
    with pytest.raises(DataError) as error:
        run(weights=tmp_path / "seven.pt")
    told = str(error.value)
    nearest = (
        f"{tmp_path / 'seven.pt'}: costmodel layout: 10 of 12 tensors right; 2 tensors of the wrong shape: "
    )
    assert told.startswith(nearest)
    assert "fc.weight is (7, 4), expected (12, 4)" in told
    assert "fc.bias is (7,), expected (12,)" in told


def test_weights_of_another_network_are_refused(tmp_path: Path):
    save_old(torch.nn.Linear(2, 2), tmp_path / "other.pt")
    with pytest.raises(DataError) as error:
        run(weights=tmp_path / "other.pt")
    expected = f"{tmp_path / 'other.pt'}: none of its 2 tensors has a name of this network"
    assert str(error.value).startswith(expected)


@pytest.mark.parametrize("content", [b"", b"no weights"])
def test_a_damaged_file_of_weights_is_named(tmp_path: Path, content: bytes):
    (tmp_path / "bad.pt").write_bytes(content)
    with pytest.raises(DataError) as error:
        run(weights=tmp_path / "bad.pt")
    assert str(error.value).startswith(f"{tmp_path / 'bad.pt'}: ")
    assert "no checkpoint" in str(error.value)
