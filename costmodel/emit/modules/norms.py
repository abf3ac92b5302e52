"""Running norms by statistics of their own input."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.texts import norms
from costmodel.emit.modules.written import Written, differing, writes
from costmodel.ops import GroupNorm, InstanceNorm, LayerNorm, RmsNorm
from costmodel.types import TensorType


class _NormLayer(Layer[Any]):
    def __init__(self, op: LayerNorm | RmsNorm | GroupNorm | InstanceNorm, x: TensorType) -> None:
        super().__init__(op, x)
        self.weight: nn.Parameter | None = None
        self.bias: nn.Parameter | None = None
        self.channels, self.eps = int(x.channels), float(op.eps)
        for name in op.weights(x):
            start = torch.ones if name == "weight" else torch.zeros
            setattr(self, name, nn.Parameter(start(self.channels)))

    def frame(self, *frames: Tensor) -> Tensor:
        return self.forward(frames[0].unsqueeze(2)).squeeze(2)


@mirrors(LayerNorm)
class LayerNormLayer(_NormLayer):
    """A norm over the channels at each position."""

    def forward(self, *clips: Tensor) -> Tensor:
        positions = clips[0].movedim(1, -1)
        found = functional.layer_norm(positions, (self.channels,), self.weight, self.bias, self.eps)
        return found.movedim(-1, 1)


@mirrors(RmsNorm)
class RmsNormLayer(_NormLayer):
    """A norm by the root mean square over the channels at each position."""

    def forward(self, *clips: Tensor) -> Tensor:
        positions = clips[0].movedim(1, -1)
        return functional.rms_norm(positions, (self.channels,), self.weight, self.eps).movedim(-1, 1)


@mirrors(GroupNorm, InstanceNorm)
class GroupNormLayer(_NormLayer):
    """A norm over groups of channels, of each frame or of the whole clip."""

    def __init__(self, op: GroupNorm | InstanceNorm, x: TensorType) -> None:
        super().__init__(op, x)
        self.groups = int(op.groups_of(x))

    def forward(self, *clips: Tensor) -> Tensor:
        (clip,) = clips
        if self.op.over == "clip":
            return functional.group_norm(clip, self.groups, self.weight, self.bias, self.eps)
        images = clip.transpose(1, 2).flatten(0, 1)
        found = functional.group_norm(images, self.groups, self.weight, self.bias, self.eps)
        return found.reshape(len(clip), clip.shape[2], *found.shape[1:]).transpose(1, 2)


@writes(LayerNorm)
def _layer_norm(op: LayerNorm, x: TensorType) -> Written:
    options = differing(eps=(float(op.eps), 1e-5), elementwise_affine=(op.affine, True))
    return Written("ChannelNorm", {"channels": x.channels}, options, carried=(norms.ChannelNorm,))


@writes(RmsNorm)
def _rms_norm(op: RmsNorm, x: TensorType) -> Written:
    options = {"eps": float(op.eps)}
    return Written("ChannelRms", {"channels": x.channels}, options, carried=(norms.ChannelRms,))


@writes(GroupNorm, InstanceNorm)
def _group_norm(op: GroupNorm | InstanceNorm, x: TensorType) -> Written:
    arguments = {"groups": op.groups_of(x), "channels": x.channels}
    options = differing(eps=(float(op.eps), 1e-5), affine=(op.affine, True))
    if op.over == "clip":
        return Written("nn.GroupNorm", arguments, options)
    return Written("FrameNorm", arguments, options, carried=(norms.FrameNorm,))
