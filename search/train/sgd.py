"""Stochastic gradient descent with momentum, as `torch.optim.SGD` computes and stores it.

PyTorch's own loads its compiler when the first optimiser is made, which takes nearly as long as PyTorch:
every process that trains would wait for it, a worker of a search as long as for several tiny candidates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor


class Sgd:
    """One group of learned values and their momentum; `state_dict` is that of `torch.optim.SGD`.

    The first step takes the gradient as momentum, undamped  (Sutskever 2013, sec. 2; PyTorch's form of it).

    Args:
        learned: the values that learn.
        learning_rate: of the next step; it stands in `param_groups[0]["lr"]`.
        momentum: the share of the last step that goes on.
        dampening: what a gradient lacks when it joins the momentum.
        weight_decay: the share of each value that is added to its gradient.
    """

    def __init__(
        self,
        learned: Iterable[Tensor],
        learning_rate: float,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
    ) -> None:
        self.learned = list(learned)
        settings = {
            "lr": learning_rate,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
        }
        self.param_groups: list[dict[str, Any]] = [{"params": self.learned, **settings}]
        self.state: dict[Tensor, dict[str, Tensor]] = {}

    @torch.no_grad()
    def step(self) -> None:
        """Moves every value that has a gradient, all in one call for each operation."""
        (group,) = self.param_groups
        found = [(value, value.grad) for value in self.learned if value.grad is not None]
        if not found:
            return
        moved, steps = [value for value, _ in found], [gradient for _, gradient in found]
        if group["weight_decay"]:
            steps = list(torch._foreach_add(steps, moved, alpha=group["weight_decay"]))
        if group["momentum"]:
            steps = [self._momentum(value, step) for value, step in zip(moved, steps, strict=True)]
        torch._foreach_add_(moved, steps, alpha=-group["lr"])

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Lets all gradients go."""
        del set_to_none
        for value in self.learned:
            value.grad = None

    def state_dict(self) -> dict[str, Any]:
        """The momentum of each value by its number, and the settings."""
        numbers = {value: number for number, value in enumerate(self.learned)}
        (group,) = self.param_groups
        return {
            "state": {numbers[value]: dict(kept) for value, kept in self.state.items()},
            "param_groups": [group | {"params": list(range(len(self.learned)))}],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Takes over what `state_dict`, here or of `torch.optim.SGD`, gave."""
        (group,), (own,) = state["param_groups"], self.param_groups
        if len(group["params"]) != len(self.learned):
            raise ValueError("the state is of another number of values")
        own |= {name: group[name] for name in own if name != "params"}
        self.state = {}
        for number, kept in state["state"].items():
            value, buffer = self.learned[int(number)], kept.get("momentum_buffer")
            if buffer is not None:
                self.state[value] = {"momentum_buffer": buffer.to(value.device, value.dtype, copy=True)}

    def _momentum(self, value: Tensor, step: Tensor) -> Tensor:
        (group,) = self.param_groups
        kept = self.state.get(value)
        if kept is None:
            buffer = step.clone()
        else:
            buffer = kept["momentum_buffer"].mul_(group["momentum"]).add_(step, alpha=1 - group["dampening"])
        self.state[value] = {"momentum_buffer": buffer}
        return buffer
