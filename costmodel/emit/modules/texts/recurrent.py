"""Texts of recurrent layers.

Each text may use `torch`, `nn`, `F`, `Any`, `Triple` and what is carried along with it, nothing else.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class Recurrent(nn.Module):
    """A recurrent layer on the channels of (batch, channels, time, height, width), gates in torch's order.

    Every clip starts from zeros; one that `remembers` goes on from the last.
    """

    gates = 1
    answers = 1

    def __init__(self, in_channels: int, channels: int, remembers: bool = False) -> None:
        super().__init__()
        rows = self.gates * channels
        self.channels, self.remembers = channels, remembers
        self.weight_ih = nn.Parameter(torch.empty(rows, in_channels))
        self.weight_hh = nn.Parameter(torch.empty(rows, channels))
        self.bias_ih = nn.Parameter(torch.empty(rows))
        self.bias_hh = nn.Parameter(torch.empty(rows))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(channels**-0.5), channels**-0.5)
        self.reset()

    def reset(self) -> None:
        """Forgets the stream."""
        self.kept: list[Tensor] = []

    def forward(self, clip: Tensor) -> Tensor:
        """The answer to every frame."""
        kept, answers = self.kept, []
        for frame in clip.movedim(1, -1).unbind(1):
            kept = kept or [frame.new_zeros(*frame.shape[:-1], self.channels)] * self.answers
            one = F.linear(frame, self.weight_ih, self.bias_ih)
            two = F.linear(kept[0], self.weight_hh, self.bias_hh)
            kept = self.step(one.chunk(self.gates, -1), two.chunk(self.gates, -1), kept)
            answers.append(kept[0])
        if self.remembers:
            self.kept = kept
        return torch.stack(answers, dim=1).movedim(-1, 1)

    def step(self, one: tuple[Tensor, ...], two: tuple[Tensor, ...], kept: list[Tensor]) -> list[Tensor]:
        """What is kept after a frame, its answer first, from the two products of each gate."""
        raise NotImplementedError


class Lstm(Recurrent):
    """A long short-term memory."""

    gates = 4
    answers = 2

    def step(self, one: tuple[Tensor, ...], two: tuple[Tensor, ...], kept: list[Tensor]) -> list[Tensor]:
        """The answer and the cell."""
        take, forget, new, answer = (each + other for each, other in zip(one, two, strict=True))
        cell = forget.sigmoid() * kept[1] + take.sigmoid() * new.tanh()
        return [answer.sigmoid() * cell.tanh(), cell]


class Gru(Recurrent):
    """A gated recurrent unit."""

    gates = 3

    def step(self, one: tuple[Tensor, ...], two: tuple[Tensor, ...], kept: list[Tensor]) -> list[Tensor]:
        """The answer."""
        reset, update = (one[0] + two[0]).sigmoid(), (one[1] + two[1]).sigmoid()
        new = (one[2] + reset * two[2]).tanh()
        return [new + update * (kept[0] - new)]
