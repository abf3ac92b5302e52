"""Running attention between positions."""

from __future__ import annotations

import torch
from torch import Tensor

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.texts import clips
from costmodel.emit.modules.written import Written, literal, writes
from costmodel.ops import Attention
from costmodel.types import TensorType


@mirrors(Attention)
class AttentionLayer(Layer[Attention]):
    """For every position of the query a mean of the value, weighted by the key."""

    def forward(self, *clips: Tensor) -> Tensor:
        query, key, value = (clip.flatten(2) for clip in clips)
        pairs = torch.bmm(query.transpose(1, 2), key)
        # Scaled by the channels (Vaswani et al. 2017, eq. 1), without
        # a softmax by the positions (Wang et al. 2018, sec. 3.2).
        scale = query.shape[1] ** -0.5 if self.op.softmax else 1 / key.shape[2]
        shares = (pairs * scale).softmax(-1) if self.op.softmax else pairs * scale
        found = torch.bmm(value, shares.transpose(1, 2))
        return found.reshape(*found.shape[:2], *clips[0].shape[2:])

    def frame(self, *frames: Tensor) -> Tensor:
        return self.forward(*frames)

    def frames(self, *clips: Tensor) -> Tensor:
        # A frame's positions attend to one another alone, so that frames cannot run as one clip.
        return torch.stack(
            [self.frame(*each) for each in zip(*(clip.unbind(2) for clip in clips), strict=True)], 2
        )


@writes(Attention)
def _written(op: Attention, *inputs: TensorType) -> Written:
    return Written(call="attend", call_options={"softmax": literal(op.softmax)}, carried=(clips.attend,))
