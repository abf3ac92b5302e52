"""Random values for every parameter and buffer, so that an equality test tests something."""

from __future__ import annotations

from math import prod, sqrt

import torch
from torch import nn

from costmodel.emit.modules.pointwise import BatchNormLayer

RECURRENT = ("weight_ih", "weight_hh")


@torch.no_grad()
def randomise(network: nn.Module, seed: int = 0) -> None:
    """Draws all parameters and buffers: weights that keep the size of values, scales, running statistics.

    With the usual zero-initialised last scale, or with fresh running statistics, an equality test tests
    nothing; with careless values a deep network overflows or computes on denormals.
    """
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        own = dict(module.named_parameters(recurse=False))
        if isinstance(module, BatchNormLayer):
            ranges = {
                "weight": (0.5, 1.5),
                "bias": (-0.5, 0.5),
                "running_mean": (-0.2, 0.2),
                "running_var": (0.5, 1.5),
            }
            for name, (low, high) in ranges.items():
                _draw(getattr(module, name), generator, low, high)
            continue
        for name, value in own.items():
            bound = _bound(name, value)
            _draw(value, generator, -bound, bound)


def _bound(name: str, value: torch.Tensor) -> float:
    """The largest value that is drawn for a parameter."""
    inputs = prod(value.shape[1:])
    # Uniform between these bounds the variance is 2 / inputs,
    # which keeps rectified values' size (He et al. 2015, eq. 10).
    if name == "weight":
        return sqrt(6 / inputs)
    # A recurrent layer's as torch begins to train them: with larger ones it is chaotic, and
    # doubles the rounding of its past with each frame.
    return sqrt(1 / inputs) if name in RECURRENT else 0.5


def _draw(value: torch.Tensor, generator: torch.Generator, low: float, high: float) -> None:
    # In 64 bits, so that a network of another precision has the same values, rounded.
    drawn = torch.rand(value.shape, generator=generator, dtype=torch.float64) * (high - low) + low
    value.copy_(drawn)
