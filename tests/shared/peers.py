"""Real modules for tests that compare with them."""

from collections.abc import Callable
from importlib import import_module

import torch
from torch import nn
from without_compiled_ops import torchvision_stubs


def factory(module: str, name: str) -> Callable[..., nn.Module]:
    """A function that makes a real module, from a package that needs torchvision."""
    with torchvision_stubs():
        made: Callable[..., nn.Module] = getattr(import_module(module), name)
    return made


def randomised(network: nn.Module, seed: int = 3) -> nn.Module:
    """The network for evaluation, its norms, statistics and biases drawn: as made they are all alike."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in network.state_dict().items():
        if value.dim() == 1:
            value.copy_(torch.rand(value.shape, generator=generator) + 0.5 * name.endswith("var"))
    return network.eval()
