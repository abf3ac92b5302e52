"""Convolutions in 64 bits on a CPU, which torch runs slowly.

It runs depthwise ones channel by channel, and those of clips by columns of all taps of the whole clip, which
take gigabytes where it is long. Networks are checked in 64 bits, in which nobody else runs them, and three
quarters of the time of checking an X3D went to its depthwise layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from costmodel.numbers import ceil_div

MOST_COLUMNS = 2**21  # numbers, 16 MiB: what is read at once stays in the processor's cache


@contextmanager
def of_doubles() -> Iterator[None]:
    """While it is entered, convolutions in 64 bits on a CPU run depthwise tap by tap, or in pieces of a clip.

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
        if kwargs or not _is_taken_over(*args):
            return torch_s_own(*args, **kwargs)
        clip, weight, bias, stride, padding, dilation, groups = args
        strides, pads, steps = (_of_each(axes, each) for each in (stride, padding, dilation))
        given = _Given(clip, weight, bias, strides, pads, steps, groups)
        if 1 < groups == len(weight) == clip.shape[1]:
            return _tap_by_tap(given)
        return torch_s_own(*given) if axes == 2 else _in_pieces(torch_s_own, given)

    return convolution


class _Given(NamedTuple):
    """What a convolution is given, of each axis its own."""

    clip: Tensor
    weight: Tensor
    bias: Tensor | None
    strides: tuple[int, ...]
    pads: tuple[int, ...]
    steps: tuple[int, ...]
    groups: int


def _is_taken_over(clip: Tensor, weight: Tensor, *rest: Any) -> bool:
    is_double = clip.dtype == torch.float64 and clip.device.type == "cpu"
    return is_double and len(rest) == 5 and not isinstance(rest[2], str)


def _in_pieces(convolve: Callable[..., Tensor], given: _Given) -> Tensor:
    """A convolution of clips, so many frames of its answer at once that the columns of their taps are few."""
    clip, weight, bias, strides, pads, steps, groups = given
    _, height, width = strides
    columns = weight[0].numel() * ceil_div(clip.shape[3], height) * ceil_div(clip.shape[4], width)
    at_once, (ahead, *in_space) = max(1, MOST_COLUMNS // columns), pads
    span = steps[0] * (weight.shape[2] - 1) + 1
    frames = (clip.shape[2] + 2 * ahead - span) // strides[0] + 1
    if frames <= at_once or weight[0, 0].numel() == 1:  # a product of matrices, without columns
        return convolve(*given)
    clip = functional.pad(clip, (0, 0, 0, 0, ahead, ahead))
    pieces = (clip[:, :, first * strides[0] :] for first in range(0, frames, at_once))
    seen = (piece[:, :, : (at_once - 1) * strides[0] + span] for piece in pieces)
    found = [convolve(each, weight, bias, strides, (0, *in_space), steps, groups) for each in seen]
    return torch.cat(found, dim=2)


def _tap_by_tap(given: _Given) -> Tensor:
    """Each channel of clips under its own kernel, as torch's convolution gives it.

    Channels stand last in memory: many are added at once also where a map is a few pixels wide.
    """
    clip, weight, bias, strides, pads, steps, groups = given
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
