"""Running transposed convolutions."""

from __future__ import annotations

from math import prod, sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel.emit.modules.base import Layer, mirrors, triple
from costmodel.emit.modules.written import Written, differing, writes
from costmodel.ops import ConvTranspose
from costmodel.types import TensorType


@mirrors(ConvTranspose)
class ConvTransposeLayer(Layer[ConvTranspose]):
    """A transposed convolution of each frame."""

    def __init__(self, op: ConvTranspose, x: TensorType) -> None:
        super().__init__(op, x)
        shapes = {name: tuple(map(int, shape)) for name, shape in op.weights(x).items()}
        self.weight = nn.Parameter(torch.empty(shapes["weight"]))
        self.bias = nn.Parameter(torch.empty(shapes["bias"])) if "bias" in shapes else None
        self.groups = int(op.groups)
        self.stride, self.padding, self.output_padding, self.dilation = (
            triple(each) for each in (op.stride, op.padding, op.output_padding, op.dilation)
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weights that keep the size of rectified values (He et al. 2015, eq. 10); biases are zero."""
        # Of the kernel's positions each output sees one in as many as the stride spreads the input.
        seen = len(self.weight) / self.groups * prod(self.weight.shape[2:]) / prod(self.stride)
        nn.init.normal_(self.weight, std=sqrt(2 / max(1.0, seen)))
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, *clips: Tensor) -> Tensor:
        return functional.conv_transpose3d(
            clips[0],
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self.output_padding,
            self.groups,
            self.dilation,
        )

    def frame(self, *frames: Tensor) -> Tensor:
        return functional.conv_transpose2d(
            frames[0],
            self.weight[:, :, 0],
            self.bias,
            self.stride[1:],
            self.padding[1:],
            self.output_padding[1:],
            self.groups,
            self.dilation[1:],
        )


@writes(ConvTranspose)
def _written(op: ConvTranspose, x: TensorType) -> Written:
    arguments = {"in_channels": x.channels, "out_channels": op.channels, "kernel_size": op.kernel}
    options = differing(
        stride=(op.stride, (1, 1, 1)),
        padding=(op.padding, (0, 0, 0)),
        output_padding=(op.output_padding, (0, 0, 0)),
        groups=(op.groups, 1),
        bias=(op.bias, True),
        dilation=(op.dilation, (1, 1, 1)),
    )
    return Written("nn.ConvTranspose3d", arguments, options)
