"""A network's kernels, recorded once as a CUDA graph and replayed without launching each again."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from costmodel.errors import EmitError


class Recorded:
    """Tensors at fixed addresses, and the graph between them.

    Args:
        module: what runs; it must not read a tensor's value on the way.
        inputs: what it is given, tensors and tuples of them; their shapes hold for all calls.

    Raises:
        EmitError: the inputs are not on a CUDA device.
    """

    def __init__(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        leaves, form = tree_flatten(inputs)
        if not all(leaf.is_cuda for leaf in leaves):
            raise EmitError(f"backend recorded: on device {leaves[0].device}, expected a CUDA device")
        # A CUDA graph reads and writes at the addresses that it
        # was recorded with; what it is given is copied there.
        self.given = [leaf.clone() for leaf in leaves]
        given = tree_unflatten(self.given, form)
        # First calls choose algorithms and set up workspaces, which cannot be recorded: PyTorch asks for a
        # few runs on a side stream ahead of a recording.
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.no_grad(), torch.cuda.stream(side):
            for _ in range(3):
                module(*given)
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.no_grad(), torch.cuda.graph(self.graph):
            outputs = module(*given)
        self.outputs, self.form = tree_flatten(outputs)

    @torch.no_grad()
    def __call__(self, *inputs: Any) -> Any:
        """What the module gives, given these.

        A state is many small tensors, and a copy of each would take longer to launch than to run: all go in
        one launch there, and in one back.
        """
        _copy(self.given, tree_leaves(inputs))
        self.graph.replay()
        # The next replay overwrites them, and a state that was given out must not change.
        own = [torch.empty_like(output) for output in self.outputs]
        _copy(own, self.outputs)
        return tree_unflatten(own, self.form)


def _copy(to: list[Tensor], given: list[Tensor]) -> None:
    if to:
        torch._foreach_copy_(to, given)
