"""Networks made without first values: those that are given theirs at once, or have none.

To draw them takes a second of a large network on a CPU, and three where it has no storage and Python works
out its shapes; a network is made ten times while its figures are checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

DRAWING = frozenset((nn.init.normal_, nn.init.uniform_, Tensor.normal_, Tensor.uniform_))


class Undrawn(TorchFunctionMode):
    """While it is entered, tensors that would be filled at random are left as they are."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func not in DRAWING:
            return func(*args, **(kwargs or {}))
        return args[0] if args else (kwargs or {})["tensor"]
