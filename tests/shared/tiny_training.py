"""A tiny network, a few clips of moving digits, and a recipe that trains the one on the others."""

from functools import cache

import torch

from costmodel.graph import Graph
from costmodel.network import Network
from costmodel.spec.document import from_text
from search.data import Data, open_data
from search.train.loop import train
from search.train.options import Options, Result
from search.train.recipe import Recipe

SPEC = """
input: {channels: 1, time: frames, height: 10, width: 10, every: 2}
sizes: {frames: 4, classes: 12, wide: 4}
network:
  - conv: {name: stem, channels: wide, kernel: [3, 3, 3], stride: [1, 2, 2]}
  - bn
  - relu
  - add:
      main:
        - conv: {name: b, channels: wide, kernel: [3, 1, 1]}
        - bn: {name: last}
      shortcut: []
  - global_pool
  - dropout: {rate: 0.5}
  - linear: {name: fc, channels: classes}
"""


LAST = "main.last"


RECIPE = Recipe("tiny", 0.1, 16, 3, warmup=1, momentum=0.9, dropout=0.2, mirror=False)


def tiny(spec: str = SPEC, **sets: int) -> Network:
    return Network(from_text(spec, "tiny"), sets)


@cache
def network(**sets: int) -> Graph:
    return tiny(**sets).graph()


@cache
def data() -> Data:
    return open_data("digits:train=50,val=20,length=8")


def run(recipe: Recipe = RECIPE, trained: Network | None = None, **options) -> Result:
    return train(trained or tiny(), data(), recipe, Options(**options))


def weights(result: Result) -> list[torch.Tensor]:
    return list(result.form.network.state_dict().values())


def equal(first: Result, second: Result) -> bool:
    pairs = zip(weights(first), weights(second), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)
