"""A tiny network whose recurrent head learns from stored features of the rest."""

from pathlib import Path

from costmodel.network import Network
from costmodel.spec.document import from_text
from search.data import Data
from search.train.feature_learner import FeatureLearner
from search.train.options import Options
from search.train.recipe import Recipe

SPEC = """
name: tiny
input: {channels: 3, time: frames, height: 8, width: 8}
structure: {layers: 1, window: 0, causal: true}
sizes: {frames: 4, classes: 12}
network:
  - conv: {name: stem, channels: 6, kernel: [2, 3, 3], stride: [1, 2, 2], causal: causal}
  - bn: {name: norm}
  - relu: {name: relu}
  - avg_pool: {name: pool, kernel: [1, all, all]}
  - lstm: {name: memory, channels: 8, when: layers > 0}
  - conv: {name: classifier, channels: classes, kernel: ["max(window, 1)", 1, 1], causal: causal, bias: true}
"""


RECIPE = Recipe("own", 0.2, 8, 3, warmup=0, shortest=4, thinning=(0.2,), noise=0.01, hidden_dropout=0.2)


def network(**sets: object) -> Network:
    return Network(from_text(SPEC, "tiny"), sets)


def learner(data: Data, backbone: Path | None, folder: Path | None = None, **sets: object) -> FeatureLearner:
    options = Options(features=True, weights=backbone, folder=folder)
    return FeatureLearner(network(**sets).graph(), data, RECIPE, options)
