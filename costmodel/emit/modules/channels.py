"""Running shuffles, splits and padding of channels: the same on clips and frames."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.ops import PadChannels, Shuffle, Split


class _OnChannels(Layer[Any]):
    is_fresh = False

    def frame(self, *frames: Tensor) -> Tensor:
        return self.forward(*frames)


@mirrors(Shuffle)
class ShuffleLayer(_OnChannels):
    """Channels dealt out, one of each group after the other."""

    def forward(self, *clips: Tensor) -> Tensor:
        (clip,) = clips
        groups = clip.reshape(len(clip), int(self.op.groups), -1, *clip.shape[2:])
        return groups.transpose(1, 2).flatten(1, 2)


@mirrors(Split)
class SplitLayer(_OnChannels):
    """One of several equal shares of the channels."""

    def forward(self, *clips: Tensor) -> Tensor:
        return clips[0].chunk(int(self.op.parts), dim=1)[int(self.op.part) - 1]


@mirrors(PadChannels)
class PadChannelsLayer(_OnChannels):
    """Channels of zeros behind the others."""

    def forward(self, *clips: Tensor) -> Tensor:
        (clip,) = clips
        more = int(self.op.channels) - clip.shape[1]
        return functional.pad(clip, [*[0, 0] * (clip.dim() - 2), 0, more])
