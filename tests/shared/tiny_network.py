"""A tiny network that answers clips of moving digits, with weights drawn at random."""

from functools import cache
from pathlib import Path

import torch
from old_weights import save_old

from costmodel.graph import Graph
from costmodel.spec import elaborate
from costmodel.spec.document import from_text
from search.data import Data, open_data
from search.train.forms import form_of

SPEC = """
input: {channels: 1, time: frames, height: crop, width: crop, every: 2}
sizes: {frames: 4, classes: 12, crop: 14}
network:
  - conv: {name: stem, channels: 4, kernel: [3, 3, 3], stride: [1, 2, 2]}
  - relu
  - conv: {channels: 6, kernel: [3, 1, 1]}
  - global_pool
  - linear: {name: fc, channels: classes}
"""


@cache
def network() -> Graph:
    return elaborate(from_text(SPEC, "tiny"))


@cache
def data() -> Data:
    return open_data("digits:train=24,val=24,length=40")


def saved_weights(folder: Path) -> Path:
    """A file of random weights of the network, in a folder."""
    torch.manual_seed(0)
    save_old(form_of(network(), "clip").network, folder / "weights.pt")
    return folder / "weights.pt"
