"""Running convolutions: clips in one 3D convolution, frames by a 2D convolution for each tap in time."""

from __future__ import annotations

from math import prod, sqrt
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel.emit.modules.base import WindowedLayer, mirrors
from costmodel.ops import Conv
from costmodel.types import TensorType


class _Prepared(NamedTuple):
    """Weights of the taps in the layout that frames run fastest in, and the weight that they were made of."""

    key: tuple[Any, ...]
    taps: tuple[Tensor, ...]


@mirrors(Conv)
class ConvLayer(WindowedLayer[Conv]):
    """A 3D convolution; on a frame each tap in time is a 2D convolution of its own, with no redundancy."""

    def __init__(self, op: Conv, x: TensorType) -> None:
        super().__init__(op, x)
        shapes = {name: tuple(map(int, shape)) for name, shape in op.weights(x).items()}
        self.groups = int(op.groups)
        self.weight = nn.Parameter(torch.empty(shapes["weight"]))
        self.bias = nn.Parameter(torch.empty(shapes["bias"])) if "bias" in shapes else None
        self._prepared: _Prepared | None = None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weights that keep the size of rectified values (He et al. 2015, eq. 10); biases are zero."""
        nn.init.normal_(self.weight, std=sqrt(2 / prod(self.weight.shape[1:])))
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, *clips: Tensor) -> Tensor:
        (clip,) = clips
        time, height, width = self.pads
        if time[0] != time[1]:
            clip, time = functional.pad(clip, (0, 0, 0, 0, *time)), (0, 0)
        padding = (time[0], height[0], width[0])
        return functional.conv3d(
            clip, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )

    def taps(self, frame: Tensor, wanted: tuple[int, ...]) -> list[Tensor]:
        weights, last = self._tap_weights(), self.kernel[0] - 1
        return [self._convolve(frame, weights[tap], self.bias if tap == last else None) for tap in wanted]

    def over(self, frames: list[Tensor]) -> Tensor:
        weights = self._tap_weights()
        total = self._convolve(frames[-1], weights[-1], self.bias)
        for frame, weight in zip(frames[:-1], weights, strict=False):
            total = total.add_(self._convolve(frame, weight, None))
        return total

    def combine(self, partial: Tensor, tap: Tensor) -> Tensor:
        return tap.add_(partial)

    def _convolve(self, frame: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padding = (self.pads[1][0], self.pads[2][0])
        return functional.conv2d(
            frame, weight, bias, self.stride[1:], padding, self.dilation[1:], self.groups
        )

    def _tap_weights(self) -> tuple[Tensor, ...]:
        weight = self.weight
        if torch.is_grad_enabled() and weight.requires_grad:
            return weight.unbind(2)
        key = (weight.data_ptr(), weight._version, weight.dtype, weight.device)
        if self._prepared is None or self._prepared.key != key:
            taps = (tap.detach().contiguous(memory_format=torch.channels_last) for tap in weight.unbind(2))
            self._prepared = _Prepared(key, tuple(taps))
        return self._prepared.taps

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_prepared": None}
