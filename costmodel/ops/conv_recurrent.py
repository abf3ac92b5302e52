"""Recurrent layers whose products are convolutions of each frame's map, so that positions see each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from costmodel.conditions import equal
from costmodel.numbers import Size
from costmodel.ops.base import Demand, Triple
from costmodel.ops.recurrent import Recurrent
from costmodel.types import Shape, TensorType, Work


@dataclass(frozen=True)
class ConvRecurrent(Recurrent):
    """A recurrent layer on maps, from zeros at the clip's first frame.

    Convolutions of its input and of what it answered last, k x k, zeros beyond the map, one bias for both.
    """

    kernel: Size = 3
    bias: bool = True

    def demands(self, x: TensorType) -> Iterator[Demand]:
        # An even kernel has no middle: what is kept would grow or move with each frame.
        yield equal(self.kernel % 2, 1), "a kernel of {} has no middle; give it an odd one", (self.kernel,)

    def weights(self, x: TensorType) -> Mapping[str, Shape]:
        rows, sides = self.gates * self.channels, (self.kernel, self.kernel)
        weights = {"weight_ih": (rows, x.channels, *sides), "weight_hh": (rows, self.channels, *sides)}
        return weights | ({"bias": (rows,)} if self.bias else {})

    def work(self, x: TensorType) -> Work:
        out = self.gates * self.out(x).values
        macs = {"mac.conv": (x.channels + self.channels) * (self.kernel * self.kernel) * out}
        return macs | ({"bias.conv": out} if self.bias else {})

    def kernel_on(self, x: TensorType) -> Triple:
        return 1, self.kernel, self.kernel


@dataclass(frozen=True)
class ConvLstm(ConvRecurrent):
    """A long short-term memory on maps: C = f C + i g; H = o tanh(C)  (Shi 2015, eq. 3).

    Its gates are i, f, o = sigmoid(W * X + U * H + V C + b) and g = tanh(W * X + U * H + b), * being a
    convolution. The `peepholes` V C, a weight for each value of a map, are left out unless asked for; o's
    sees the new C.
    """

    word: ClassVar[str] = "conv_lstm"
    gates: ClassVar[int] = 4
    kept: ClassVar[tuple[str, ...]] = ("hidden", "cell")

    peepholes: bool = False

    def weights(self, x: TensorType) -> Mapping[str, Shape]:
        holes = {"peepholes": (3, self.channels, x.height, x.width)}
        return {**super().weights(x), **(holes if self.peepholes else {})}

    def work(self, x: TensorType) -> Work:
        out, holes = self.out(x).values, 3 if self.peepholes else 0
        gates = {
            "activation.sigmoid": 3 * out,
            "activation.tanh": 2 * out,
            "conv_gates.add": (5 + holes) * out,
            "conv_gates.mul": (3 + holes) * out,
            "gates.kept": 2 * out,  # H and C
        }
        return {**super().work(x), **gates}


class ConvGru(ConvRecurrent):
    """A gated recurrent unit on maps: n = tanh(W * X + U * (r H) + b); H = H + z (n - H).

    Its gates are r, z = sigmoid(W * X + U * H + b), * being a convolution  (Ballas 2016, without b). Its
    reset acts on H ahead of the convolution, as in Cho 2014.
    """

    word: ClassVar[str] = "conv_gru"
    gates: ClassVar[int] = 3
    kept: ClassVar[tuple[str, ...]] = ("hidden",)

    def work(self, x: TensorType) -> Work:
        out = self.out(x).values
        gates = {
            "activation.sigmoid": 2 * out,
            "activation.tanh": out,
            "conv_gates.add": 5 * out,
            "conv_gates.mul": 2 * out,
            "gates.kept": 4 * out,  # H, r H, n and n - H
        }
        return {**super().work(x), **gates}
