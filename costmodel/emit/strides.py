"""Inputs in the memory layout that a network was compiled for.

What is compiled ahead of time reads each input by the strides of the one that it was compiled with, and looks
at no others: a frame or a state in another layout would be read as other numbers, beyond its end too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from typing import Any

import torch
from torch import Tensor


def dense(inputs: Any) -> Any:
    """Tensors nested in tuples, those with gaps between their numbers copied without: any input can be so."""
    if isinstance(inputs, Tensor):
        return inputs if torch.ops.aten.is_non_overlapping_and_dense(inputs) else inputs.contiguous()
    return tuple(map(dense, inputs))


@dataclass(frozen=True)
class InLayout:
    """A function that runs another on its inputs in the layouts that it was compiled for.

    Args:
        run: what is compiled.
        inputs: those that it was compiled with, nested in tuples.
    """

    run: Callable[..., Any]
    inputs: InitVar[Any]
    layouts: Any = field(init=False)

    def __post_init__(self, inputs: Any) -> None:
        object.__setattr__(self, "layouts", _layouts(inputs))

    def __call__(self, *given: Any) -> Any:
        """What it answers to inputs in any layout."""
        return self.run(*_laid_out(given, self.layouts))


def _layouts(inputs: Any) -> Any:
    """Each tensor without its numbers."""
    if isinstance(inputs, Tensor):
        return torch.empty_strided(inputs.shape, inputs.stride(), device="meta")
    return tuple(map(_layouts, inputs))


def _laid_out(given: Any, layouts: Any) -> Any:
    if not isinstance(given, Tensor):
        return tuple(_laid_out(each, layout) for each, layout in zip(given, layouts, strict=True))
    if given.stride() == layouts.stride() or _is_alike(given, layouts):
        return given
    return given.new_empty_strided(layouts.shape, layouts.stride()).copy_(given)


def _is_alike(given: Tensor, layout: Tensor) -> bool:
    """Whether strides are equal but for axes of one place, along which nothing is ever read."""
    strides = zip(given.shape, given.stride(), layout.stride(), strict=True)
    return all(one == other for size, one, other in strides if size > 1)
