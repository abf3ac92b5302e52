"""Texts of layers that run on clips and frames alike.

Each text may use `torch`, `nn`, `F`, `Any`, `Triple` and what is carried along with it, nothing else.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

Triple = tuple[int, int, int]


def concat(*clips: Tensor) -> Tensor:
    """Clips or frames one after the other in channels."""
    return torch.cat(clips, dim=1)


def add(*clips: Tensor) -> Tensor:
    """The sum of clips or frames."""
    total = clips[0]
    for clip in clips[1:]:
        total = total + clip
    return total


def crop(*clips: Tensor, at: str = "first") -> list[Tensor]:
    """Clips cut to the shortest of them, aligned at the first frame, the centred or the newest."""
    shortest = min(clip.shape[2] for clip in clips)
    more = [clip.shape[2] - shortest for clip in clips]
    ahead = {"first": [0] * len(more), "centred": [each // 2 for each in more], "newest": more}[at]
    return [clip[:, :, skip : skip + shortest] for clip, skip in zip(clips, ahead, strict=True)]


def fill(*clips: Tensor) -> list[Tensor]:
    """Clips with zeros ahead of and behind the shorter of them, of an odd number the one more behind."""
    longest = max(clip.shape[2] for clip in clips)
    fewer = [longest - clip.shape[2] for clip in clips]
    ends = [(0, 0, 0, 0, each // 2, each - each // 2) for each in fewer]
    return [F.pad(clip, each) for clip, each in zip(clips, ends, strict=True)]


def pad_ahead(clip: Tensor, frames: int, value: float = 0.0, behind: int = 0) -> Tensor:
    """A clip with frames of one value ahead of it, and behind it."""
    return F.pad(clip, (0, 0, 0, 0, frames, behind), value=value)


def subsample(clip: Tensor, stride: tuple[int, int, int]) -> Tensor:
    """Every so many frames, rows and columns of a clip."""
    time, height, width = stride
    return clip[:, :, ::time, ::height, ::width]


def leave_out(clip: Tensor, before: Triple, after: Triple) -> Tensor:
    """A clip without its first and last frames, rows and columns."""
    for axis, (first, behind) in enumerate(zip(before, after, strict=True), start=2):
        clip = clip.narrow(axis, first, clip.shape[axis] - first - behind)
    return clip


def last(clip: Tensor) -> Tensor:
    """The last frame of a clip."""
    return clip[:, :, -1:]


def max_pool(
    clip: Tensor,
    kernel_size: Triple,
    stride: Triple,
    pads: tuple[int, ...] = (0,) * 6,
    dilation: Triple = (1, 1, 1),
) -> Tensor:
    """A max pool with other padding than torch's takes: more of it, or unequal at the ends of an axis."""
    return F.max_pool3d(F.pad(clip, pads, value=float("-inf")), kernel_size, stride, 0, dilation)


def avg_pool(
    clip: Tensor,
    kernel_size: Triple,
    stride: Triple,
    pads: tuple[int, ...] = (0,) * 6,
    dilation: Triple = (1, 1, 1),
    counted: tuple[int, ...] | None = None,
) -> Tensor:
    """An average pool with gaps between its taps, or with other padding than torch's takes: a convolution.

    Where `counted` is given, that much of the padding is, and each window is divided by what it then sees.
    """
    channels, taps = clip.shape[1], kernel_size[0] * kernel_size[1] * kernel_size[2]
    weight = clip.new_full((channels, 1, *kernel_size), 1 / taps)
    total = F.conv3d(F.pad(clip, pads), weight, None, stride, 0, dilation, channels)
    if counted is None:
        return total
    beyond = [pad - count for pad, count in zip(pads, counted, strict=True)]
    ones = F.pad(F.pad(torch.ones_like(clip[:1, :1]), counted, value=1.0), beyond)
    return total / F.conv3d(ones, weight[:1], None, stride, 0, dilation)


class PaddedConv3d(nn.Conv3d):
    """A 3D convolution whose input is padded first, unequally at the two ends of an axis."""

    def __init__(self, *sizes: Any, pads: tuple[int, ...], **options: Any) -> None:
        super().__init__(*sizes, **options)
        self.pads = pads

    def forward(self, clip: Tensor) -> Tensor:
        """The convolution of the padded clip."""
        return super().forward(F.pad(clip, self.pads))


def shuffle(clip: Tensor, groups: int) -> Tensor:
    """The channels of a clip or frame dealt out, one of each group after the other."""
    return clip.reshape(len(clip), groups, -1, *clip.shape[2:]).transpose(1, 2).flatten(1, 2)


def split(clip: Tensor, part: int, parts: int) -> Tensor:
    """One of several equal shares of the channels; the first is part 1."""
    return clip.chunk(parts, dim=1)[part - 1]


def pad_channels(clip: Tensor, more: int) -> Tensor:
    """More channels of zeros behind those of a clip or frame."""
    return F.pad(clip, (0, 0, 0, 0, 0, 0, 0, more))


def shift(clip: Tensor, frames: int) -> Tensor:
    """Every frame of a clip replaced by the one so many before it, or after it, zeros beyond the clip."""
    if frames < 0:
        return F.pad(clip, (0, 0, 0, 0, 0, -frames))[:, :, -frames:]
    return F.pad(clip, (0, 0, 0, 0, frames, 0))[:, :, : clip.shape[2]]


def interpolate(clip: Tensor, size: tuple[int, int], mode: str, align_corners: bool | None = None) -> Tensor:
    """The map of each frame at another height and width."""
    if mode != "bilinear":
        return F.interpolate(clip, (clip.shape[2], *size), None, mode, align_corners)
    images = F.interpolate(clip.transpose(1, 2).flatten(0, 1), size, None, mode, align_corners)
    return images.reshape(len(clip), clip.shape[2], *images.shape[1:]).transpose(1, 2)


def hard_sigmoid_keras(clip: Tensor) -> Tensor:
    """The hard sigmoid of Keras, which rises by 0.2."""
    return (0.2 * clip + 0.5).clamp(0.0, 1.0)


def attend(query: Tensor, key: Tensor, value: Tensor, softmax: bool, heads: int = 1) -> Tensor:
    """For every position of the query a mean of the value, weighted by the key."""
    parts = [each.reshape(len(each) * heads, each.shape[1] // heads, -1) for each in (query, key, value)]
    pairs = torch.bmm(parts[0].transpose(1, 2), parts[1])
    scale = parts[0].shape[1] ** -0.5 if softmax else 1 / pairs.shape[2]
    shares = (pairs * scale).softmax(-1) if softmax else pairs * scale
    found = torch.bmm(parts[2], shares.transpose(1, 2))
    return found.reshape(len(query), -1, *query.shape[2:])


class ChannelLinear(nn.Linear):
    """A linear layer on the channels of (batch, channels, time, height, width)."""

    def forward(self, x: Tensor) -> Tensor:
        """The layer at every position."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
