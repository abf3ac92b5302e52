"""Real modules for tests that compare with them."""

import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from torch import nn

KEPT: list[Any] = []  # operators vanish with their library


def factory(module: str, name: str) -> Callable[..., nn.Module]:
    """A function that makes a real module, from a package that needs torchvision.

    A torchvision built for another torch lacks the compiled operators that it names; these stand in for them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import_module("torchvision")
        except RuntimeError:
            for known in [each for each in sys.modules if each.startswith("torchvision")]:
                del sys.modules[known]
            KEPT.append(torch.library.Library("torchvision", "DEF"))
            for operator in ("nms", "qnms"):
                KEPT[-1].define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        made: Callable[..., nn.Module] = getattr(import_module(module), name)
    return made


def randomised(network: nn.Module, seed: int = 3) -> nn.Module:
    """The network for evaluation, its norms, statistics and biases drawn: as made they are all alike."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in network.state_dict().items():
        if value.dim() == 1:
            value.copy_(torch.rand(value.shape, generator=generator) + 0.5 * name.endswith("var"))
    return network.eval()
