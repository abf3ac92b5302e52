"""Running recurrent layers on maps: convolutions of the frame and of the last answer, frame by frame."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import TypeVar

from torch import Tensor, nn
from torch.nn import functional

from costmodel.emit.modules.base import mirrors
from costmodel.emit.modules.keeper import keeps
from costmodel.emit.modules.recurrent import RecurrentKeeper, RecurrentLayer
from costmodel.emit.modules.texts import conv_recurrent
from costmodel.emit.modules.written import Written, differing, writes, writes_steps, written
from costmodel.ops import ConvGru, ConvLstm, ConvRecurrent, Step
from costmodel.types import TensorType

# Covariant, as of a layer of any op.
AnyConvRecurrent = TypeVar("AnyConvRecurrent", bound=ConvRecurrent, covariant=True)


class ConvRecurrentLayer(RecurrentLayer[AnyConvRecurrent]):
    """A recurrent layer on maps; a clip starts from zeros."""

    bias: Tensor | None
    peepholes: Tensor | None

    def __init__(self, op: AnyConvRecurrent, x: TensorType) -> None:
        super().__init__(op, x)
        for name in {"bias", "peepholes"} - self._parameters.keys():
            self.register_parameter(name, None)

    def reset_parameters(self) -> None:
        """Draws weights as torch does, by how many values a convolution sums up; peepholes are closed."""
        bound = 1 / sqrt(self.weight_ih[0].numel() + self.weight_hh[0].numel())
        for name, parameter in self.named_parameters():
            nn.init.uniform_(parameter, -bound, bound)
            if name == "peepholes":
                nn.init.zeros_(parameter)

    def convolve(self, frame: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """A convolution that keeps the size of the map."""
        return functional.conv2d(frame, weight, bias, padding=weight.shape[-1] // 2)


@mirrors(ConvLstm)
class ConvLstmLayer(ConvRecurrentLayer[ConvLstm]):
    """A long short-term memory on maps, its gates in the order of `lstm`: i, f, g, o."""

    def step(self, frame: Tensor, kept: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        hidden, cell = kept
        gates = self.convolve(frame, self.weight_ih, self.bias) + self.convolve(hidden, self.weight_hh)
        take, forget, new, answer = gates.chunk(4, dim=1)
        if self.peepholes is not None:
            take, forget = take + self.peepholes[0] * cell, forget + self.peepholes[1] * cell
        cell = forget.sigmoid() * cell + take.sigmoid() * new.tanh()
        if self.peepholes is not None:
            answer = answer + self.peepholes[2] * cell
        return answer.sigmoid() * cell.tanh(), cell


@mirrors(ConvGru)
class ConvGruLayer(ConvRecurrentLayer[ConvGru]):
    """A gated recurrent unit on maps, its gates in the order of `gru`: r, z, n."""

    def step(self, frame: Tensor, kept: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        (hidden,) = kept
        # r and z see what is kept, n only what the reset leaves of it.
        gates, both = self.convolve(frame, self.weight_ih, self.bias), 2 * self.channels
        reset, update = (
            (gates[:, :both] + self.convolve(hidden, self.weight_hh[:both])).sigmoid().chunk(2, dim=1)
        )
        new = (gates[:, both:] + self.convolve(reset * hidden, self.weight_hh[both:])).tanh()
        # (1 - z) h + z n, with one product.
        return (hidden + update * (new - hidden),)


keeps(ConvLstm, ConvGru)(RecurrentKeeper)


@writes(ConvGru)
def _written(op: ConvRecurrent, x: TensorType) -> Written:
    kind = getattr(conv_recurrent, type(op).__name__)
    arguments = {"in_channels": x.channels, "channels": op.channels, "kernel_size": op.kernel}
    options = differing(bias=(op.bias, True))
    return Written(kind.__name__, arguments, options, carried=(conv_recurrent.ConvRecurrent, kind))


@writes(ConvLstm)
def _lstm(op: ConvLstm, x: TensorType) -> Written:
    plain, shape = _written(op, x), (int(x.height), int(x.width))
    return replace(plain, options={**plain.options, "peepholes": shape}) if op.peepholes else plain


@writes_steps(ConvLstm, ConvGru)
def _written_in_steps(step: Step, op: ConvRecurrent, x: TensorType) -> Written:
    plain = written(op, (x,))
    return replace(plain, options={**plain.options, "remembers": True})
