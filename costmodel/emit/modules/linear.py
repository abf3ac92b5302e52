"""Running linear layers and flattening."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor, nn

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.products import product
from costmodel.emit.modules.texts import clips
from costmodel.emit.modules.written import Written, differing, writes
from costmodel.ops import Flatten, Linear
from costmodel.types import TensorType


@mirrors(Linear)
class LinearLayer(Layer[Linear]):
    """A linear layer on the channels at every position."""

    def __init__(self, op: Linear, x: TensorType) -> None:
        super().__init__(op, x)
        channels = int(op.channels)
        self.weight = nn.Parameter(torch.empty(channels, int(x.channels)))
        self.bias = nn.Parameter(torch.empty(channels)) if op.bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weights that keep the size of values (LeCun et al. 1998, sec. 4.6); biases are zero."""
        nn.init.normal_(self.weight, std=1 / sqrt(self.weight.shape[1]))
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, *clips: Tensor) -> Tensor:
        positions = clips[0].movedim(1, -1)
        return product(positions, self.weight, self.bias, self.product_dtype).movedim(-1, 1)

    def frame(self, *frames: Tensor) -> Tensor:
        return self.forward(*frames)


@mirrors(Flatten)
class FlattenLayer(Layer[Flatten]):
    """All positions joined into channels, ordered (channels, time, height, width)."""

    is_fresh = False

    def forward(self, *clips: Tensor) -> Tensor:
        return clips[0].flatten(1)[:, :, None, None, None]

    def frame(self, *frames: Tensor) -> Tensor:
        return frames[0].flatten(1)[:, :, None, None]

    def frames(self, *clips: Tensor) -> Tensor:
        # Frames one after the other, each with its channels outermost, as `frame` has them.
        return clips[0].transpose(2, 1).flatten(2).transpose(2, 1)[..., None, None]


@writes(Linear)
def _linear(op: Linear, x: TensorType) -> Written:
    arguments = {"in_channels": x.channels, "channels": op.channels}
    options = differing(bias=(op.bias, True))
    return Written("ChannelLinear", arguments, options, carried=(clips.ChannelLinear,))


@writes(Flatten)
def _flatten(op: Flatten, x: TensorType) -> Written:
    return Written(call="torch.reshape", call_options={"shape": f"(-1, {x.values}, 1, 1, 1)"})
