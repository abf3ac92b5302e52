"""Where the tensors of our layers come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from costmodel.importers.value import Constant


@dataclass(frozen=True)
class Learned:
    """Where a layer's tensor comes from: a constant of the module, or a tensor of our own.

    Args:
        source: the module's, or a function that makes ours.
        order: how its axes are put in order first; None: as they are.
    """

    source: Constant | Callable[[], Tensor]
    order: tuple[int, ...] | None = None


Weights = Mapping[str, Learned]


def filled(shape: Sequence[int], value: float) -> Learned:
    """A tensor of our own, all its values alike."""
    found = torch.full(tuple(shape), value)
    # In 64 bits a module works with its numbers as its code has them, and so does our network.
    is_exact = not found.numel() or float(found.flatten()[0]) == value
    return Learned(lambda: found if is_exact else torch.full(tuple(shape), value, dtype=torch.float64))
