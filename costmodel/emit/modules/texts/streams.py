"""Texts of a network that runs frame by frame, and of what keeps frames in it.

Each text may use `torch`, `nn`, `F`, `Any`, `Triple` and what is carried along with it, nothing else.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


# A group may answer with several frames, hence `Any`.
def run(layer: Any, *frames: Tensor | None, **options: Any) -> Any:
    """Runs a layer on its frames; a layer whose frames are not there yet waits."""
    return None if any(frame is None for frame in frames) else layer(*frames, **options)


class StreamSequential(nn.Sequential):
    """Layers one after the other; where one has no frame yet, those behind it wait."""

    def forward(self, x: Tensor | None) -> Tensor | None:
        """What the last layer makes of a frame, or None."""
        for layer in self:
            x = run(layer, x)
        return x


class StreamSubsample(nn.Module):
    """Hands on every `stride`-th frame (and every so many rows and columns)."""

    def __init__(self, stride: tuple[int, int, int]) -> None:
        super().__init__()
        self.stride = stride
        self.reset()

    def reset(self) -> None:
        """Forgets the stream."""
        self.position = 0

    def forward(self, frame: Tensor) -> Tensor | None:
        """The frame, or None where it is skipped."""
        time, height, width = self.stride
        self.position += 1
        return frame[..., ::height, ::width] if (self.position - 1) % time == 0 else None


class FrameWindow(nn.Module):
    """Gathers the last frames that a layer looks at; it keeps those that came before.

    Where a clip would be padded, `before` frames of `value` stand ahead. It `copies` frames whose memory is
    larger than they are, or not its own.
    """

    def __init__(self, span: int, stride: int, before: int, value: float = 0.0, copies: bool = False) -> None:
        super().__init__()
        self.span, self.stride, self.before, self.value = span, stride, before, value
        self.copies = copies
        self.reset()

    def reset(self) -> None:
        """Forgets the stream."""
        self.position = self.before
        self.frames: list[Tensor] = []

    def forward(self, frame: Tensor) -> Tensor | None:
        """The frames of the window that this one completes, or None."""
        if not self.frames:
            self.frames = [torch.full_like(frame, self.value) for _ in range(self.span)]
        window = [*self.frames, frame.clone() if self.copies else frame]
        self.frames = window[1:]
        start = self.position - self.span
        self.position += 1
        return torch.cat(window, dim=2) if start >= 0 and start % self.stride == 0 else None


class Delay(nn.Module):
    """Holds a branch back by `wait` steps of the stream.

    It `copies` frames whose memory is larger than they are, or not its own.
    """

    def __init__(self, wait: int, copies: bool = False) -> None:
        super().__init__()
        self.wait, self.copies = wait, copies
        self.reset()

    def reset(self) -> None:
        """Forgets the stream."""
        self.now = 0
        self.waiting: list[tuple[int, Tensor]] = []

    def forward(self, frame: Tensor | None) -> Tensor | None:
        """Takes the frame of this step, None where there is none, and gives the one that is due."""
        self.now += 1
        if frame is not None:
            self.waiting.append((self.now + self.wait, frame.clone() if self.copies else frame))
        if self.waiting and self.waiting[0][0] == self.now:
            return self.waiting.pop(0)[1]
        return None


class StreamShift(nn.Module):
    """Hands a frame on under a later number: it keeps nothing, and gives zeros until its first frame comes.

    Its outputs come from step `first` on, `jump` steps apart, which may lie ahead of the stream's first step;
    its own frames come from step `begins` on.
    """

    def __init__(self, shape: tuple[int, ...], first: int, begins: int, jump: int) -> None:
        super().__init__()
        self.shape, self.first, self.begins, self.jump = shape, first, begins, jump
        self.now = 0
        self.zeros: Tensor | None = None

    def begin(self, frame: Tensor, early: int) -> None:
        """Starts a stream so many steps ahead of its first frame."""
        self.zeros = frame.new_zeros(len(frame), *self.shape)
        self.now = -early

    def forward(self, frame: Tensor | None) -> Tensor | None:
        """The frame, zeros where one is due before the first has come, or None."""
        now, self.now = self.now, self.now + 1
        if now >= self.begins:
            self.zeros = None
        if frame is not None or now < self.first:
            return frame
        return self.zeros if (now - self.first) % self.jump == 0 else None


class StreamNetwork(nn.Module):
    """A network that takes one frame of a stream at a time and keeps what it needs between frames."""

    has_begun = False

    def run_frame(self, x: Tensor | None) -> Tensor | None:
        """What the layers make of a frame (batch, channels, 1, height, width)."""
        raise NotImplementedError

    def begin(self, frame: Tensor) -> None:
        """Takes the steps ahead of the first frame, in which layers see the zeros of a shift."""
        self.has_begun = True
        shifts: list[Any] = [module for module in self.modules() if hasattr(module, "begins")]
        early = max([0, *(-module.first for module in shifts)])
        for module in shifts:
            module.begin(frame, early)
        for _ in range(early):
            self.run_frame(None)

    def forward_step(self, frame: Tensor) -> Tensor | None:
        """The answer to the next frame (batch, channels, height, width); None where there is none yet."""
        if not self.has_begun:
            self.begin(frame)
        answer = self.run_frame(frame.unsqueeze(2))
        if answer is None:
            return None
        return answer.flatten(1) if answer.shape[2:].numel() == 1 else answer.squeeze(2)

    def forward_steps(self, frames: Tensor) -> Tensor | None:
        """The answers to the next frames (batch, channels, time, height, width), stacked in time."""
        answers = [self.forward_step(frame) for frame in frames.unbind(2)]
        known = [answer for answer in answers if answer is not None]
        return torch.stack(known, dim=2) if known else None

    forward = forward_steps

    def reset(self) -> None:
        """Forgets the stream."""
        self.has_begun = False
        for module in self.modules():
            forget = getattr(module, "reset", None)
            if module is not self and forget is not None:
                forget()
