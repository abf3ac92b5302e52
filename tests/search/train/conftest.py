"""A few clips, and weights of a network whose head learns from its features."""

from pathlib import Path

import pytest
from heads import network

from search.data import Data, open_data
from search.train.loop import train
from search.train.options import Options
from search.train.recipe import Recipe


@pytest.fixture(scope="session")
def data() -> Data:
    return open_data("digits:train=24,val=12,length=10", 0)


@pytest.fixture(scope="session")
def backbone(tmp_path_factory: pytest.TempPathFactory, data: Data) -> Path:
    """Weights of the network with an fc head over 4 features."""
    folder = tmp_path_factory.mktemp("fc")
    train(network(layers=0, window=4), data, Recipe("own", 0.1, 8, 1), Options(folder=folder))
    return folder / "weights.safetensors"
