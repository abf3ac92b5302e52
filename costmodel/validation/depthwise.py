"""Depthwise convolutions in 64 bits, tap by tap: on a CPU torch runs them channel by channel.

Networks are checked in 64 bits, in which nobody else runs them, and three quarters of the time of checking
an X3D went there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from costmodel.graph import Graph

AXES = {torch.conv2d: 2, torch.conv3d: 3}


def has_depthwise(graph: Graph) -> bool:
    """Whether a network may hold such a convolution; seeing every call of torch's takes a while."""
    return any(getattr(node.op.unwrapped, "groups", 1) != 1 for node in graph.nodes)


class TapByTap(TorchFunctionMode):
    """While it is entered, depthwise convolutions in 64 bits on a CPU run tap by tap."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func in AXES and not kwargs and _is_depthwise(*args):
            return _convolved(AXES[func], *args)
        return func(*args, **(kwargs or {}))


def _is_depthwise(clip: Tensor, weight: Tensor, *rest: Any) -> bool:
    groups = rest[4] if len(rest) > 4 else 1
    is_double = clip.dtype == torch.float64 and clip.device.type == "cpu"
    return is_double and 1 < groups == len(weight) == clip.shape[1] and not isinstance(rest[2], str)


def _convolved(
    axes: int,
    clip: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: int | Sequence[int],
    padding: int | Sequence[int],
    dilation: int | Sequence[int],
    groups: int,
) -> Tensor:
    """Each channel of clips under its own kernel, as torch's convolution gives it."""
    strides, pads, steps = (_of_each(axes, each) for each in (stride, padding, dilation))
    clip = functional.pad(clip, [pad for each in reversed(pads) for pad in (each, each)])
    kernel = weight.shape[2:]
    sizes = [
        (size - step * (taps - 1) - 1) // by + 1
        for size, step, taps, by in zip(clip.shape[2:], steps, kernel, strides, strict=True)
    ]
    total = clip.new_zeros((len(clip), groups, *sizes))
    if bias is not None:
        total += bias.view(-1, *(1,) * axes)
    every = slice(None)
    for place in product(*map(range, kernel)):
        seen = tuple(
            slice(tap * step, tap * step + by * (size - 1) + 1, by)
            for tap, step, by, size in zip(place, steps, strides, sizes, strict=True)
        )
        tap = weight[(every, every, *(slice(each, each + 1) for each in place))]
        total.addcmul_(clip[(every, every, *seen)], tap.reshape(-1, *(1,) * axes))
    return total


def _of_each(axes: int, value: int | Sequence[int]) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value)
