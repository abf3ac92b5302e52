"""Texts of attention within windows of a clip.

Each text may use `torch`, `nn`, `F`, `Any`, `Triple` and what is carried along with it, nothing else.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

Triple = tuple[int, int, int]


def roll(clip: Tensor, shifts: Triple) -> Tensor:
    """A clip with the positions of time, height and width moved on, those beyond the end to the front."""
    return torch.roll(clip, shifts, (2, 3, 4))


def in_windows(clip: Tensor, windows: Triple, heads: int) -> Tensor:
    """A clip as (batch, windows, heads, positions of a window, channels of a head)."""
    batch, channels, *sizes = clip.shape
    parts = [each for size, window in zip(sizes, windows, strict=True) for each in (size // window, window)]
    apart = clip.reshape(batch, heads, channels // heads, *parts)
    return apart.permute(0, 3, 5, 7, 1, 4, 6, 8, 2).flatten(5, 7).flatten(1, 3)


def out_of_windows(found: Tensor, windows: Triple, sizes: Triple) -> Tensor:
    """What `in_windows` made of a clip of these sizes as a clip again."""
    batch, _, heads, _, channels = found.shape
    counts = [size // window for size, window in zip(sizes, windows, strict=True)]
    apart = found.reshape(batch, *counts, heads, *windows, channels)
    return apart.permute(0, 4, 8, 1, 5, 2, 6, 3, 7).reshape(batch, heads * channels, *sizes)


def distances(windows: Triple) -> Tensor:
    """For each two positions of a window the number of their distance."""
    places = torch.cartesian_prod(*(torch.arange(size) for size in windows))
    apart = places[:, None] - places[None] + torch.tensor(windows) - 1
    return (apart[..., 0] * (2 * windows[1] - 1) + apart[..., 1]) * (2 * windows[2] - 1) + apart[..., 2]


def strangers(sizes: Triple, windows: Triple, shift: Triple) -> Tensor:
    """Which two positions of each window a roll brought together from both ends of an axis."""
    moved = [torch.arange(size) >= size - each for size, each in zip(sizes, shift, strict=True)]
    clip = torch.stack(torch.meshgrid(*moved, indexing="ij")).to(torch.int64)[None]
    parts = in_windows(clip, windows, 1)[0, :, 0]
    return (parts[:, :, None] != parts[:, None]).any(-1)


def attend_in_windows(
    query: Tensor, key: Tensor, value: Tensor, windows: Triple, shift: Triple, heads: int, bias: Tensor | None
) -> Tensor:
    """For every position a mean of the values in its window, weighted by their keys."""
    _, _, time, height, width = query.shape
    query, key, value = (in_windows(each, windows, heads) for each in (query, key, value))
    pairs = torch.matmul(query, key.transpose(-2, -1)) * query.shape[-1] ** -0.5
    if bias is not None:
        pairs = pairs + bias[distances(windows).to(pairs.device)].movedim(-1, 0)
    if any(shift):
        pairs = pairs - 100 * strangers((time, height, width), windows, shift).to(pairs)[:, None]
    return out_of_windows(torch.matmul(pairs.softmax(-1), value), windows, (time, height, width))


class WindowAttention(nn.Module):
    """Attention of each position of a clip to those of its window."""

    def __init__(
        self, windows: Triple, shift: Triple = (0, 0, 0), heads: int = 1, bias: tuple[int, ...] | None = None
    ) -> None:
        super().__init__()
        self.windows, self.shift, self.heads = windows, shift, heads
        self.bias = None if bias is None else nn.Parameter(torch.zeros(bias))

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """The attention."""
        return attend_in_windows(query, key, value, self.windows, self.shift, self.heads, self.bias)
