"""ONNX files are read as modules are: the same layers, and the answers of ONNX Runtime."""

from __future__ import annotations

import warnings
from pathlib import Path

import own_modules
import pytest
import torch
from torch import nn

from costmodel.importers import Imported
from costmodel.importers.onnx import RuntimeNetwork, read_onnx

WORDS = {
    "Residual": "conv relu conv global_pool conv relu conv sigmoid gate swish conv add relu "
    "global_pool linear softmax",
    "Shifted": "conv relu shift conv avg_pool linear global_pool",
    "ShiftedByCat": "conv relu shift conv avg_pool linear global_pool",
    "FrameByFrame": "conv bn relu conv global_pool linear",
    "Remembering": "conv avg_pool lstm lstm last linear",
    "TwoPathways": "subsample conv conv conv concat global_pool max_pool concat linear",
    "Shuffled": "conv shuffle conv split swish split concat global_pool conv",
    "Causal": "conv conv global_pool linear",
    "Numbers": "bias scale bias conv scale avg_pool bias gelu global_pool linear",
}
PARAMS = {"Residual": 2568, "Remembering": 972}
# One of the newer exporter, one of the older; all of them run with the slow tests.
QUICK = {("Residual", True), ("Remembering", False), ("Shifted", False)}


def exported(module: nn.Module, path: Path, *, is_new: bool) -> Path:
    torch.manual_seed(1)
    clip = torch.rand(own_modules.CLIP)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), (clip,), str(path), dynamo=is_new, verbose=False)
    return path


def read(path: Path) -> Imported:
    found = read_onnx(path, None, "net").with_answers_compared(RuntimeNetwork(path))
    assert found.checked.difference is not None
    assert found.checked.difference <= 1e-6
    return found


@pytest.mark.parametrize(
    ("name", "is_new"),
    [
        pytest.param(name, is_new, marks=[] if (name, is_new) in QUICK else [pytest.mark.slow])
        for name in WORDS
        for is_new in (True, False)
    ],
)
def test_what_torch_exports_is_read_as_the_module_is(name: str, is_new: bool, tmp_path: Path):
    found = read(exported(getattr(own_modules, name)(), tmp_path / "net.onnx", is_new=is_new))
    words = " ".join(type(node.op).word for node in found.graph.nodes)
    # The older exporter puts every batch norm that it can into the convolution ahead of it.
    assert words in (WORDS[name], WORDS[name].replace(" bn", ""))
    assert found.checked.params == PARAMS.get(name, found.checked.params)
    assert any("folded" in note for note in found.notes) == (
        name == "Residual" or " bn" in WORDS[name] != words
    )


def test_layers_have_the_names_and_lines_of_the_module(tmp_path: Path):
    found = read(exported(own_modules.Causal(), tmp_path / "net.onnx", is_new=True))
    assert [node.name for node in found.graph.nodes] == ["first", "second", "global_pool", "head"]
