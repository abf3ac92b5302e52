"""Files of weights that a training starts from: what fits in part, not at all, or is damaged."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from old_weights import save_old
from tiny_training import RECIPE, network, run

from costmodel.errors import DataError
from search.train.forms import form_of

WAYS = ("freeze", "new_classifier")


def test_a_classifier_of_other_classes_is_begun_anew_where_it_is_asked_for(tmp_path: Path):
    given = form_of(network(classes=7), "clip").network
    save_old(given, tmp_path / "seven.pt")
    with pytest.raises(DataError) as error:
        run(weights=tmp_path / "seven.pt")
    expected = f"{tmp_path / 'seven.pt'}: its classifier is not of the data's 12 classes; --new-classifier "
    assert str(error.value).startswith(expected)
    frozen, learned = (run(weights=tmp_path / "seven.pt", **{how: True}).form.network for how in WAYS)
    assert frozen.fc.weight.shape == learned.fc.weight.shape == (12, 4)
    assert torch.equal(frozen.stem.weight, given.stem.weight)
    assert not torch.equal(learned.stem.weight, given.stem.weight)


def test_new_classes_begin_from_the_weights_of_the_other_layers(tmp_path: Path):
    given = form_of(network(classes=7), "clip").network
    save_old(given, tmp_path / "seven.pt")
    untrained = replace(RECIPE, epochs=0.02, learning_rate=1e-30)
    begun = run(untrained, weights=tmp_path / "seven.pt", new_classifier=True).form.network
    assert torch.equal(begun.stem.weight, given.stem.weight)


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
