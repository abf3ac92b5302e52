"""Files of weights as they were written before they knew their network."""

from pathlib import Path

import torch
from torch import nn


def save_old(network: nn.Module, path: Path, **about: object) -> None:
    torch.save({"weights": network.state_dict(), **about}, path)
