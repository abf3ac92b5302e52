"""Checkpoints of somebody else's: their names for the tensors of a small network, and why they do not fit."""

import pytest
import torch
from torch import Tensor

from costmodel.emit.checkpoints.fit import Reading, fit
from costmodel.errors import CostModelError

SPEC = """
input: {channels: 2, time: 3, height: 4, width: 4}
network:
  - conv: {name: a, channels: 3, kernel: [1, 3, 3]}
  - bn: {name: a_bn}
  - conv: {name: b, channels: 3}
  - global_pool
  - linear: {name: c, channels: 4}
"""


THEIRS = {"a": "stem.conv", "a_bn": "stem.norm", "b": "layers.0", "c": "head"}


def named(wanted: dict[str, Tensor], prefix: str = "") -> dict[str, Tensor]:
    """The tensors as somebody else calls them."""
    return {
        f"{prefix}{THEIRS[name.partition('.')[0]]}.{name.partition('.')[2]}": value
        for name, value in wanted.items()
    }


def refusal(found: dict[str, Tensor], wanted: dict[str, Tensor], reading: Reading | None = None) -> str:
    with pytest.raises(CostModelError) as error:
        fit(found, wanted, reading)
    return str(error.value)


def equal(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> bool:
    names = {name for name in wanted if not name.endswith("num_batches_tracked")}
    return names <= found.keys() and all(torch.equal(found[name], wanted[name]) for name in found)
