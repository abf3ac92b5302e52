"""Broken files of weights are refused in one line each, or load: nothing in them runs."""

import io
import os
from pathlib import Path

import torch
from mutations import mutations

from costmodel.emit import emit
from costmodel.emit.weights import load_weights
from costmodel.spec.document import from_text
from costmodel.spec.elaborate import elaborate
from search.train import checkpoint

SPEC = """
input: {channels: 1, time: 2, height: 8, width: 8}
network:
  - conv: {channels: 2, kernel: [1, 3, 3]}
  - bn
  - global_pool
  - linear: {channels: 2}
"""


class Runs:
    def __reduce__(self):
        return os.mkdir, ("ran",)


def contents(number: int):
    """Mutations of both formats of torch.save: bare, a checkpoint, and one with code to run."""
    state = emit(elaborate(from_text(SPEC))).state_dict()
    optimizer = {
        "state": {0: {"momentum_buffer": torch.ones(2)}},
        "param_groups": [{"lr": 0.1, "params": [0]}],
    }
    kinds = (state, {"weights": state, "optimizer": optimizer, "rows": [{"a": 1.0}]}, {"a": Runs()})
    each = -(-number // (2 * len(kinds)))
    for content in kinds:
        for is_new in (True, False):
            whole = io.BytesIO()
            torch.save(content, whole, _use_new_zipfile_serialization=is_new)
            yield from mutations(whole.getvalue(), each)


def test_broken_weights(tmp_path: Path, survive, number: int, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = emit(elaborate(from_text(SPEC)))

    def read(path: Path) -> None:
        checkpoint.read(path)
        checkpoint.load_weights(network, path)
        load_weights(network, path)

    _, refused = survive(tmp_path / "w.pt", contents(number), read)
    assert refused > number / 2
    assert not (tmp_path / "ran").exists()
