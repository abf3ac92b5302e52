"""Texts of learned factors and addends.

Each text may use `torch`, `nn`, `F`, `Any`, `Triple` and what is carried along with it, nothing else.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Scale(nn.Module):
    """A clip or frame times learned values of a shape; `view` is how they lie along its axes."""

    def __init__(self, shape: tuple[int, ...], view: tuple[int, ...], init: float = 1.0) -> None:
        super().__init__()
        self.view = view
        self.weight = nn.Parameter(torch.full(shape, init))

    def forward(self, clip: Tensor) -> Tensor:
        """The product."""
        return clip * self.weight.reshape(self.view)


class Bias(nn.Module):
    """A clip or frame plus learned values of a shape; `view` is how they lie along its axes."""

    def __init__(self, shape: tuple[int, ...], view: tuple[int, ...]) -> None:
        super().__init__()
        self.view = view
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, clip: Tensor) -> Tensor:
        """The sum."""
        return clip + self.bias.reshape(self.view)
