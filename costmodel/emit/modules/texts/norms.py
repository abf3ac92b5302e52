"""Texts of norms by statistics of their own input.

Each text may use `torch`, `nn`, `F`, `Any`, `Triple` and what is carried along with it, nothing else.
"""

from __future__ import annotations

from torch import Tensor, nn


class ChannelNorm(nn.LayerNorm):
    """A norm over the channels of (batch, channels, time, height, width) at each position."""

    def forward(self, clip: Tensor) -> Tensor:
        """The norm at every position."""
        return super().forward(clip.movedim(1, -1)).movedim(-1, 1)


class ChannelRms(nn.RMSNorm):
    """A norm by the root mean square over the channels at each position."""

    def forward(self, clip: Tensor) -> Tensor:
        """The norm at every position."""
        return super().forward(clip.movedim(1, -1)).movedim(-1, 1)


class FrameNorm(nn.GroupNorm):
    """A norm over groups of channels and the map, of each frame of a clip alone."""

    def forward(self, clip: Tensor) -> Tensor:
        """The norm of every frame."""
        images = super().forward(clip.transpose(1, 2).flatten(0, 1))
        return images.reshape(len(clip), clip.shape[2], *images.shape[1:]).transpose(1, 2)
