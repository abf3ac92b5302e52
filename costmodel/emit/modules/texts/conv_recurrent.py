"""Texts of recurrent layers on maps.

Each text may use `torch`, `nn`, `F`, `Any`, `Triple` and what is carried along with it, nothing else.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class ConvRecurrent(nn.Module):
    """A recurrent layer whose products are convolutions of maps (batch, channels, time, height, width).

    Every clip starts from zeros; one that `remembers` goes on from the last.
    """

    gates = 1
    answers = 1

    def __init__(
        self, in_channels: int, channels: int, kernel_size: int, bias: bool = True, remembers: bool = False
    ) -> None:
        super().__init__()
        rows, sides = self.gates * channels, (kernel_size, kernel_size)
        self.channels, self.padding, self.remembers = channels, kernel_size // 2, remembers
        self.weight_ih = nn.Parameter(torch.empty(rows, in_channels, *sides))
        self.weight_hh = nn.Parameter(torch.empty(rows, channels, *sides))
        self.bias = nn.Parameter(torch.empty(rows)) if bias else None
        bound = ((in_channels + channels) * kernel_size**2) ** -0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)
        self.reset()

    def reset(self) -> None:
        """Forgets the stream."""
        self.kept: list[Tensor] = []

    def forward(self, clip: Tensor) -> Tensor:
        """The answer to every frame."""
        kept, answers = self.kept, []
        for frame in clip.unbind(2):
            kept = kept or [frame.new_zeros(len(frame), self.channels, *frame.shape[2:])] * self.answers
            seen = F.conv2d(frame, self.weight_ih, self.bias, padding=self.padding)
            kept = self.step(seen, kept)
            answers.append(kept[0])
        if self.remembers:
            self.kept = kept
        return torch.stack(answers, dim=2)

    def step(self, seen: Tensor, kept: list[Tensor]) -> list[Tensor]:
        """What is kept after a frame, its answer first, from the gates' convolution of the frame."""
        raise NotImplementedError


class ConvLstm(ConvRecurrent):
    """A long short-term memory on maps; its `peepholes` are the height and width of their weights."""

    gates = 4
    answers = 2

    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_size: int,
        bias: bool = True,
        peepholes: tuple[int, int] | None = None,
        remembers: bool = False,
    ) -> None:
        super().__init__(in_channels, channels, kernel_size, bias, remembers)
        self.peepholes = nn.Parameter(torch.zeros(3, channels, *peepholes)) if peepholes else None

    def step(self, seen: Tensor, kept: list[Tensor]) -> list[Tensor]:
        """The answer and the cell."""
        hidden, cell = kept
        gates = seen + F.conv2d(hidden, self.weight_hh, padding=self.padding)
        take, forget, new, answer = gates.chunk(4, 1)
        if self.peepholes is not None:
            take, forget = take + self.peepholes[0] * cell, forget + self.peepholes[1] * cell
        cell = forget.sigmoid() * cell + take.sigmoid() * new.tanh()
        if self.peepholes is not None:
            answer = answer + self.peepholes[2] * cell
        return [answer.sigmoid() * cell.tanh(), cell]


class ConvGru(ConvRecurrent):
    """A gated recurrent unit on maps."""

    gates = 3

    def step(self, seen: Tensor, kept: list[Tensor]) -> list[Tensor]:
        """The answer."""
        (hidden,), both = kept, 2 * self.channels
        gates = seen[:, :both] + F.conv2d(hidden, self.weight_hh[:both], padding=self.padding)
        reset, update = gates.sigmoid().chunk(2, 1)
        new = F.conv2d(reset * hidden, self.weight_hh[both:], padding=self.padding)
        new = (seen[:, both:] + new).tanh()
        return [hidden + update * (new - hidden)]
