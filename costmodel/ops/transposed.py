"""Transposed convolutions, which enlarge maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from costmodel.conditions import equal
from costmodel.numbers import Size, maximum
from costmodel.ops.base import Demand, Op, PadTriple, Triple
from costmodel.ops.windowed import AXES
from costmodel.types import Shape, TensorType, Work


@dataclass(frozen=True, kw_only=True)
class ConvTranspose(Op):
    """A transposed convolution in space, of each frame alone, as torch's nn.ConvTranspose3d.

    Output size n = s(m - 1) - 2p + d(k - 1) + p_out + 1 (Dumoulin and Visin 2016, relationship 14). In time
    it would make frames between those of a stream, so there its kernel and its stride are 1.
    """

    word: ClassVar[str] = "conv_transpose"

    channels: Size
    kernel: Triple
    stride: Triple = (1, 1, 1)
    padding: PadTriple = (0, 0, 0)
    output_padding: PadTriple = (0, 0, 0)
    dilation: Triple = (1, 1, 1)
    groups: Size = 1
    bias: bool = False

    def demands(self, x: TensorType) -> Iterator[Demand]:
        in_time = self.kernel[0], self.stride[0], self.dilation[0], self.padding[0], self.output_padding[0]
        yield (
            in_time == (1, 1, 1, 0, 0),
            "a transposed convolution in time makes frames that a stream has not; give time a kernel of {}, "
            "a stride of {} and no padding, such as `kernel: [1, 2, 2], stride: [1, 2, 2]`",
            (1, 1),
        )
        for channels, which in ((x.channels, "input"), (self.channels, "output")):
            yield (
                equal(channels % self.groups, 0),
                "{} groups do not divide {} {} channels",
                (self.groups, channels, which),
            )
        for axis, name in enumerate(AXES[1:], start=1):
            most, more = maximum(self.stride[axis], self.dilation[axis]), self.output_padding[axis]
            message = "output_padding is {} in {}, expected less than its stride or dilation, {}"
            yield more < most, message, (more, name, most)

    def out(self, x: TensorType) -> TensorType:
        height, width = (self._positions(x, axis) for axis in (1, 2))
        return TensorType(self.channels, x.time, height, width)

    def weights(self, x: TensorType) -> Mapping[str, Shape]:
        weight = {"weight": (x.channels, self.channels // self.groups, *self.kernel)}
        return weight | ({"bias": (self.channels,)} if self.bias else {})

    def work(self, x: TensorType) -> Work:
        time, height, width = self.kernel
        # Each value of the input is multiplied with the whole kernel, also what the padding then cuts off.
        macs = x.values * (self.channels // self.groups) * (time * height * width)
        return {"mac.transposed": macs} | ({"bias.conv": self.out(x).values} if self.bias else {})

    def with_bias(self) -> Self:
        return replace(self, bias=True)

    @property
    def output_groups(self) -> Size:
        return self.groups

    def _positions(self, x: TensorType, axis: int) -> Size:
        reach = self.dilation[axis] * (self.kernel[axis] - 1)
        spread = (x[axis + 1] - 1) * self.stride[axis] - 2 * self.padding[axis]
        return spread + reach + self.output_padding[axis] + 1
