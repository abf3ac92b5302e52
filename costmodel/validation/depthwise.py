"""Depthwise convolutions in 64 bits, tap by tap: on a CPU torch runs them channel by channel.

Networks are checked in 64 bits, in which nobody else runs them, and three quarters of the time of checking
an X3D went there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


@contextmanager
def tap_by_tap() -> Iterator[None]:
    """While it is entered, depthwise convolutions in 64 bits on a CPU run tap by tap.

    In place of torch's two functions: a mode that sees all of torch's calls costs a fifth of the time.
    """
    frames, clips = functional.conv2d, functional.conv3d
    functional.conv2d = _taking_over(2, frames)
    functional.conv3d = _taking_over(3, clips)
    try:
        yield
    finally:
        functional.conv2d, functional.conv3d = frames, clips


def _taking_over(axes: int, torch_s_own: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def convolution(*args: Any, **kwargs: Any) -> Tensor:
        if not kwargs and _is_depthwise(*args):
            return _convolved(axes, *args)
        return torch_s_own(*args, **kwargs)

    return convolution


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
    """Each channel of clips under its own kernel, as torch's convolution gives it.

    Channels stand last in memory: many are added at once also where a map is a few pixels wide.
    """
    strides, pads, steps = (_of_each(axes, each) for each in (stride, padding, dilation))
    around = [pad for each in reversed(pads) for pad in (each, each)]
    clip = functional.pad(clip.movedim(1, -1).contiguous(), [0, 0, *around])
    kernel = weight.shape[2:]
    sizes = [
        (size - step * (taps - 1) - 1) // by + 1
        for size, step, taps, by in zip(clip.shape[1:-1], steps, kernel, strides, strict=True)
    ]
    total = clip.new_zeros((len(clip), *sizes, groups))
    if bias is not None:
        total += bias
    taps_of_channels = weight.flatten(1).t().contiguous().unbind()
    for place, tap_of_channels in zip(product(*map(range, kernel)), taps_of_channels, strict=True):
        seen = (
            slice(tap * step, tap * step + by * (size - 1) + 1, by)
            for tap, step, by, size in zip(place, steps, strides, sizes, strict=True)
        )
        total.addcmul_(clip[(slice(None), *seen)], tap_of_channels)
    return total.movedim(-1, 1)


def _of_each(axes: int, value: int | Sequence[int]) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value)
