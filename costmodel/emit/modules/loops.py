"""Depthwise convolutions written as sums over what their kernels see, which a compiler makes one loop of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from torch import Tensor
from torch.nn import functional


def looped_taps(
    frame: Tensor,
    weight: Tensor,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> list[Tensor]:
    """What each tap in time of a depthwise kernel makes of a frame.

    Called as a library, a convolution of three dimensions gives all taps as parts of one tensor, a third of
    which is an output; sums that a compiler sees are joined to what was kept as they are made.

    Args:
        frame: (batch, channels, height, width).
        weight: (channels, 1, time, height, width).
        stride: of height and width.
        padding: of height and width, at both ends.
        dilation: of height and width.
    """
    high, wide = padding
    # Laid out anew, so that the compiler puts it into memory: asked of each value that is read whether it is
    # padding, a loop over the frame itself is many times slower.
    padded = functional.pad(frame.permute(0, 2, 3, 1), (0, 0, wide, wide, high, high)).contiguous()
    taps, *kernel = weight.shape[2:]
    seen = list(_seen(padded, kernel, stride, dilation))
    # Channels last, as maps are: values of one weight stand beside each other.
    by_place = weight.flatten(1).t().contiguous().view(taps, len(seen), -1)
    return [_sum_of_products(seen, weights).permute(0, 3, 1, 2) for weights in by_place.unbind()]


def _seen(
    padded: Tensor, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> Iterator[Tensor]:
    """What each place of a kernel sees of maps (batch, height, width, channels): a value for each output."""
    batch, *sizes, channels = padded.shape
    reach = [size - step * (taps - 1) for size, step, taps in zip(sizes, dilation, kernel, strict=True)]
    answers = [(each - 1) // by + 1 for each, by in zip(reach, stride, strict=True)]
    of_batch, down, across, of_channel = padded.stride()
    strides = (of_batch, down * stride[0], across * stride[1], of_channel)
    for row, column in product(*map(range, kernel)):
        first = row * dilation[0] * down + column * dilation[1] * across
        yield padded.as_strided((batch, *answers, channels), strides, first)


def _sum_of_products(seen: Sequence[Tensor], weights: Tensor) -> Tensor:
    total, *others = (values * weight for values, weight in zip(seen, weights.unbind(), strict=True))
    for each in others:
        total = total + each
    return total
