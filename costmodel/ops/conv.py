"""Convolutions over time, height and width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from costmodel.conditions import equal
from costmodel.numbers import Size, maximum
from costmodel.ops.base import Demand, Triple
from costmodel.ops.windowed import Windowed
from costmodel.types import Carry, Shape, TensorType, Work


@dataclass(frozen=True, kw_only=True)
class Conv(Windowed):
    """A 3D convolution: kT*kH*kW * cI/groups * cO * nT*nH*nW multiply-adds  (Hedegaard 2022, eq. 1).

    Deviates from eq. 1 and 4 as printed: those multiply the bias by c_I (it is added once per output value)
    and have no groups.
    """

    word: ClassVar[str] = "conv"
    is_convolution: ClassVar[bool] = True

    channels: Size
    kernel: Triple = (1, 1, 1)
    groups: Size = 1
    bias: bool = False

    def demands(self, x: TensorType) -> Iterator[Demand]:
        yield from super().demands(x)
        yield (
            equal(x.channels % self.groups, 0),
            "{} groups do not divide {} input channels",
            (self.groups, x.channels),
        )
        yield (
            equal(self.channels % self.groups, 0),
            "{} groups do not divide {} output channels",
            (self.groups, self.channels),
        )

    def out(self, x: TensorType) -> TensorType:
        return TensorType(self.channels, *self.slide(x))

    def weights(self, x: TensorType) -> Mapping[str, Shape]:
        weight = {"weight": (self.channels, self._fan_in(x), *self.kernel)}
        return weight | ({"bias": (self.channels,)} if self.bias else {})

    def work(self, x: TensorType) -> Work:
        out = self.out(x)
        time, height, width = self.kernel
        # Padding counts as any input: kernels multiply the zeros, and so do all tools that count.
        macs = {"mac.conv": self._fan_in(x) * (time * height * width) * out.values}
        return macs | ({"bias.conv": out.values} if self.bias else {})

    def factorised(self, x: TensorType) -> tuple[Conv, Conv] | None:
        """Over space with M = floor(t d^2 N' N / (d^2 N' + t N)) channels, then over time.

        N' channels come in and N go out; both together have as many weights as the one, at most  (Tran 2018,
        sec. 3.5). Of groups M is the largest multiple of their number that is no more.
        """
        frames, height, width = self.kernel
        if not (frames > 1 and max(height, width) > 1):
            return None
        places = height * width
        middle = (
            frames * places * x.channels * self.channels // (places * x.channels + frames * self.channels)
        )
        time_pad, *_ = self.padding or (0, 0, 0)
        space = replace(
            self,
            channels=maximum(middle // self.groups, 1) * self.groups,
            kernel=(1, height, width),
            stride=(1, *self.stride[1:]),
            dilation=(1, *self.dilation[1:]),
            padding=None if self.padding is None else (0, *self.padding[1:]),
            bias=False,
            causal=False,
        )
        time = replace(
            self,
            kernel=(frames, 1, 1),
            stride=(self.stride[0], 1, 1),
            dilation=(self.dilation[0], 1, 1),
            padding=None if self.padding is None else (time_pad, 0, 0),
        )
        return space, time

    def carry(self, x: TensorType) -> Carry:
        return Carry("sum")

    def with_bias(self) -> Self:
        return replace(self, bias=True)

    def _fan_in(self, x: TensorType) -> Size:
        # A depthwise layer: of arrays and symbols it is the same
        # object twice, and a plain 1 keeps what follows small.
        return 1 if self.groups is x.channels else x.channels // self.groups
