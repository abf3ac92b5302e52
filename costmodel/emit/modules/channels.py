"""Running shuffles, splits and padding of channels: the same on clips and frames."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.base import AnyOp, Layer, mirrors
from costmodel.emit.modules.texts import clips
from costmodel.emit.modules.written import Written, literal, writes
from costmodel.ops import PadChannels, Shuffle, Split
from costmodel.types import TensorType


class _OnChannels(Layer[AnyOp]):
    is_fresh = False

    def frame(self, *frames: Tensor) -> Tensor:
        return self.forward(*frames)


@mirrors(Shuffle)
class ShuffleLayer(_OnChannels[Shuffle]):
    """Channels dealt out, one of each group after the other."""

    def forward(self, *clips: Tensor) -> Tensor:
        (clip,) = clips
        groups = clip.reshape(len(clip), int(self.op.groups), -1, *clip.shape[2:])
        return groups.transpose(1, 2).flatten(1, 2)


@mirrors(Split)
class SplitLayer(_OnChannels[Split]):
    """A range of the channels."""

    def __init__(self, op: Split, x: TensorType) -> None:
        super().__init__(op, x)
        self.first, self.count = map(int, op.bounds(x))

    def forward(self, *clips: Tensor) -> Tensor:
        return clips[0].narrow(1, self.first, self.count)


@mirrors(PadChannels)
class PadChannelsLayer(_OnChannels[PadChannels]):
    """Channels of zeros behind the others."""

    def forward(self, *clips: Tensor) -> Tensor:
        (clip,) = clips
        more = int(self.op.channels) - clip.shape[1]
        return functional.pad(clip, [*[0, 0] * (clip.dim() - 2), 0, more])


@writes(Shuffle)
def _shuffle(op: Shuffle, x: TensorType) -> Written:
    return Written(call="shuffle", call_options={"groups": literal(op.groups)}, carried=(clips.shuffle,))


@writes(Split)
def _split(op: Split, x: TensorType) -> Written:
    first, count = op.bounds(x)
    # `chunk` makes equal parts alone, its last one smaller where there is a rest.
    if op.sizes or op.shares or x.channels % op.parts:
        options = {"dim": "1", "start": literal(first), "length": literal(count)}
        return Written(call="torch.narrow", call_options=options)
    options = {"part": literal(op.part), "parts": literal(op.parts)}
    return Written(call="split", call_options=options, carried=(clips.split,))


@writes(PadChannels)
def _pad_channels(op: PadChannels, x: TensorType) -> Written:
    more = literal(op.channels - x.channels)
    return Written(call="pad_channels", call_options={"more": more}, carried=(clips.pad_channels,))
