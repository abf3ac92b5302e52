"""Recurrent layers: two linear layers a frame, so that their multiply-adds are counted."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from math import sqrt
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.keeper import Keeper, Kept, keeps
from costmodel.emit.modules.texts import recurrent
from costmodel.emit.modules.written import Written, writes, writes_steps
from costmodel.ops import Gru, Lstm, Recurrent, Step
from costmodel.types import TensorType

# Covariant, as of a layer of any op.
AnyRecurrent = TypeVar("AnyRecurrent", bound=Recurrent, covariant=True)


class RecurrentLayer(Layer[AnyRecurrent]):
    """A recurrent layer, frame by frame; a clip starts from zeros."""

    is_fresh = False  # what it answers is what it keeps

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor
    bias_hh: Tensor

    def __init__(self, op: AnyRecurrent, x: TensorType) -> None:
        super().__init__(op, x)
        self.channels = int(op.channels)
        for name, shape in op.weights(x).items():
            self.register_parameter(name, nn.Parameter(torch.empty(tuple(map(int, shape)))))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all values from within 1 / sqrt(channels) of zero, as torch does."""
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -1 / sqrt(self.channels), 1 / sqrt(self.channels))

    @abstractmethod
    def step(self, frame: Tensor, kept: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """What is kept after a frame (batch, channels, height, width); the first of it is the answer."""

    def forward(self, *clips: Tensor) -> Tensor:
        (clip,) = clips
        kept = self.empty(clip[:, :, 0])
        answers = []
        for frame in clip.unbind(2):
            kept = self.step(frame, kept)
            answers.append(kept[0])
        return torch.stack(answers, dim=2)

    def frame(self, *frames: Tensor) -> Tensor:
        return self.step(frames[0], self.empty(frames[0]))[0]

    def empty(self, frame: Tensor) -> tuple[Tensor, ...]:
        """What is kept ahead of the first frame."""
        zeros = frame.new_zeros((len(frame), self.channels, *frame.shape[2:]))
        return (zeros,) * len(self.op.kept)

    def _products(self, frame: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """The two matrix products of a frame, channels last."""
        return (
            functional.linear(frame.movedim(1, -1), self.weight_ih, self.bias_ih),
            functional.linear(hidden.movedim(1, -1), self.weight_hh, self.bias_hh),
        )


@mirrors(Lstm)
class LstmLayer(RecurrentLayer[Lstm]):
    """A long short-term memory, its gates in torch's order: i, f, g, o."""

    def step(self, frame: Tensor, kept: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        hidden, cell = kept
        one, two = self._products(frame, hidden)
        # Both products have a bias, as in torch and cuDNN: one would do, but checkpoints hold two.
        take, forget, new, answer = (one + two).movedim(-1, 1).chunk(4, dim=1)
        cell = forget.sigmoid() * cell + take.sigmoid() * new.tanh()
        return answer.sigmoid() * cell.tanh(), cell


@mirrors(Gru)
class GruLayer(RecurrentLayer[Gru]):
    """A gated recurrent unit, its gates in torch's order: r, z, n."""

    def step(self, frame: Tensor, kept: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        (hidden,) = kept
        one, two = (product.movedim(-1, 1).chunk(3, dim=1) for product in self._products(frame, hidden))
        reset, update = (one[0] + two[0]).sigmoid(), (one[1] + two[1]).sigmoid()
        # The reset gate acts on the product and its bias, as in
        # cuDNN, not on the state ahead of it as in Cho et al. 2014.
        new = (one[2] + reset * two[2]).tanh()
        # (1 - z) n + z h, with one product.
        return (new + update * (hidden - new),)


@keeps(Lstm, Gru)
class RecurrentKeeper(Keeper):
    """Recurrent state; starts at zero whatever `init` says."""

    def __init__(self, layer: RecurrentLayer[Recurrent], op: Step, x: TensorType) -> None:
        shapes: dict[str, tuple[int, ...]] = {
            name: (int(each.channels), int(each.height), int(each.width))
            for name, each in op.carry(x).kept.items()
        }
        super().__init__(shapes, 0.0)
        self.layer = layer

    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        after = self.layer.step(frame, kept)
        return after[0], after

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        return self.empty(len(frame), frame)


@writes(Lstm, Gru)
def _written(op: Recurrent, x: TensorType) -> Written:
    kind = getattr(recurrent, type(op).__name__)
    arguments = {"in_channels": x.channels, "channels": op.channels}
    return Written(kind.__name__, arguments, carried=(recurrent.Recurrent, kind))


@writes_steps(Lstm, Gru)
def _written_in_steps(step: Step, op: Recurrent, x: TensorType) -> Written:
    return replace(_written(op, x), options={"remembers": True})
