"""What a file of weights holds, beside what the analysis says that its network learns."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from costmodel.emit import emit
from costmodel.emit.modules.linear import LinearLayer
from costmodel.emit.modules.pointwise import ElementwiseLayer
from costmodel.emit.weights_format import write_weights
from costmodel.errors import EmitError
from costmodel.network import Network
from costmodel.spec.document import from_text
from costmodel.transforms.fold import Fold
from costmodel.validation.weights import check_weights
from costmodel.weights import About

SPEC = """
input: {channels: 1, time: 2, height: 8, width: 8}
network: [conv: {name: stem, channels: 3, kernel: [1, 3, 3]}, bn, relu, global_pool, linear: {channels: 2}]
"""
PARAMS = 3 * 9 + 2 * 3 + 3 * 2 + 2


TINY = Network(from_text(SPEC, "tiny"))


def written(folder: Path, network: Network, **other: object) -> Path:
    tensors = emit(network.graph()).state_dict()
    write_weights(folder / "w.safetensors", tensors | other, About(network))
    return folder / "w.safetensors"


@pytest.mark.parametrize(("transforms", "params"), [((), PARAMS), ((Fold(),), PARAMS - 3)])
def test_learned_values_are_counted_in_the_file_and_statistics_are_not(tmp_path: Path, transforms, params):
    network = replace(TINY, transforms=transforms)
    check, _ = check_weights(network, written(tmp_path, network))
    assert (check.predicted, check.measured, check.holds) == (params, params, True)


def test_tensors_of_another_network_than_the_file_says_are_refused(tmp_path: Path):
    extra = emit(TINY.graph()).state_dict()["stem.weight"]
    with pytest.raises(EmitError, match="1 tensor unexpected: other"):
        list(check_weights(TINY, written(tmp_path, TINY, other=extra)))


@pytest.mark.parametrize("network", [TINY, TINY.continual(), replace(TINY, transforms=(Fold(),)).continual()])
def test_a_checkpoint_of_another_program_is_carried_to_where_it_runs(tmp_path: Path, network: Network):
    torch.save({"state_dict": emit(TINY.graph()).state_dict()}, tmp_path / "w.pt")
    (check,) = check_weights(network, tmp_path / "w.pt")
    assert check.holds
    assert "(costmodel layout)" in check.note


@pytest.mark.parametrize(
    ("network", "form"), [(TINY, "overwrite"), (TINY.continual(), "overwrite"), (TINY.continual(), "frame")]
)
def test_what_is_wrong_for_the_weights_of_the_file_alone_is_found(tmp_path: Path, monkeypatch, network, form):
    layer = ElementwiseLayer if form == "overwrite" else LinearLayer
    right = getattr(layer, form)

    def wrong_for_zeros(self: Any, x: torch.Tensor) -> torch.Tensor:
        is_zero = not x.any()
        found: torch.Tensor = right(self, x)
        return found + 1 if is_zero else found

    monkeypatch.setattr(layer, form, wrong_for_zeros)
    own = emit(TINY.graph()).state_dict()
    for tensors, holds in ((own, True), (own | {"stem.weight": 0 * own["stem.weight"]}, False)):
        torch.save(tensors, tmp_path / "w.pt")
        (check,) = check_weights(network, tmp_path / "w.pt")
        assert check.holds == holds
