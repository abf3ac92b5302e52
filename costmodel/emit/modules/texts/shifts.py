"""Texts of shifts in time.

Each text may use `torch`, `nn`, `F`, `Any`, `Triple` and what is carried along with it, nothing else.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from costmodel.emit.modules.texts.clips import leave_out, shift

Triple = tuple[int, int, int]


def shift_shares(clip: Tensor, parts: Triple, frames: int = 1) -> Tensor:
    """The first channels of a clip from later frames, the next from earlier ones, the others as they are."""
    future, past, now = torch.split(clip, list(parts), dim=1)
    return torch.cat((shift(future, -frames), shift(past, frames), now), dim=1)


class LaterShift(nn.Module):
    """Answers each frame of a stream by the one `frames` later: the first ones answer nothing."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.reset()

    def reset(self) -> None:
        """Forgets the stream."""
        self.position = 0

    def forward(self, frame: Tensor) -> Tensor | None:
        """The frame, or None where it stands ahead of the first answer."""
        self.position += 1
        return frame if self.position > self.frames else None


class LaterCrop(nn.Module):
    """Leaves out the first frames of a stream, and rows and columns of all."""

    def __init__(
        self, frames: int, before: tuple[int, int] = (0, 0), after: tuple[int, int] = (0, 0)
    ) -> None:
        super().__init__()
        self.frames, self.before, self.after = frames, before, after
        self.reset()

    def reset(self) -> None:
        """Forgets the stream."""
        self.position = 0

    def forward(self, frame: Tensor) -> Tensor | None:
        """The frame, or None where it is left out."""
        self.position += 1
        if self.position <= self.frames:
            return None
        return leave_out(frame, (0, *self.before), (0, *self.after))


class StreamShares(nn.Module):
    """Shifts shares of the channels of a stream: the first from later frames, the next from earlier ones."""

    def __init__(
        self, parts: Triple, frames: int = 1, looks_back: bool = True, looks_ahead: bool = False
    ) -> None:
        super().__init__()
        self.parts, self.ahead = parts, frames * looks_ahead
        self.back = self.ahead + frames * looks_back
        self.reset()

    def reset(self) -> None:
        """Forgets the stream."""
        self.position = 0
        self.past: list[Tensor] = []
        self.now: list[Tensor] = []

    def forward(self, frame: Tensor) -> Tensor | None:
        """The frame that this one completes, or None."""
        future, past, now = torch.split(frame, list(self.parts), dim=1)
        if self.position == 0:
            self.past = [torch.zeros_like(past)] * self.back
            self.now = [torch.zeros_like(now)] * self.ahead
        self.position += 1
        self.past, self.now = [*self.past, past.clone()], [*self.now, now.clone()]
        answer = torch.cat((future, self.past.pop(0), self.now.pop(0)), dim=1)
        return answer if self.position > self.ahead else None
