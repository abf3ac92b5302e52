"""Classes and functions that an emitted file carries with it: it takes the text of those that it uses.

Each may use `torch`, `nn`, `F`, `Any`, `Triple` and what `layers.py` carries along with it, nothing else.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

Triple = tuple[int, int, int]


def run(layer: Any, *frames: Tensor | None, **options: Any) -> Any:
    """Runs a layer on its frames; a layer whose frames are not there yet waits."""
    return None if any(frame is None for frame in frames) else layer(*frames, **options)


def concat(*clips: Tensor) -> Tensor:
    """Clips or frames one after the other in channels."""
    return torch.cat(clips, dim=1)


def add(*clips: Tensor) -> Tensor:
    """The sum of clips or frames."""
    total = clips[0]
    for clip in clips[1:]:
        total = total + clip
    return total


def crop(*clips: Tensor) -> list[Tensor]:
    """Clips cut to the shortest of them, aligned at the first frame."""
    shortest = min(clip.shape[2] for clip in clips)
    return [clip[:, :, :shortest] for clip in clips]


def pad_ahead(clip: Tensor, frames: int, value: float = 0.0) -> Tensor:
    """A clip with frames of one value ahead of it."""
    return F.pad(clip, (0, 0, 0, 0, frames, 0), value=value)


def subsample(clip: Tensor, stride: tuple[int, int, int]) -> Tensor:
    """Every so many frames, rows and columns of a clip."""
    time, height, width = stride
    return clip[:, :, ::time, ::height, ::width]


def shuffle(clip: Tensor, groups: int) -> Tensor:
    """The channels of a clip or frame dealt out, one of each group after the other."""
    return clip.reshape(len(clip), groups, -1, *clip.shape[2:]).transpose(1, 2).flatten(1, 2)


def split(clip: Tensor, part: int, parts: int) -> Tensor:
    """One of several equal shares of the channels; the first is part 1."""
    return clip.chunk(parts, dim=1)[part - 1]


def pad_channels(clip: Tensor, more: int) -> Tensor:
    """More channels of zeros behind those of a clip or frame."""
    return F.pad(clip, (0, 0, 0, 0, 0, 0, 0, more))


def shift(clip: Tensor, frames: int) -> Tensor:
    """Every frame of a clip replaced by the one so many frames before it, zeros ahead of the first."""
    return F.pad(clip, (0, 0, 0, 0, frames, 0))[:, :, : clip.shape[2]]


def attend(query: Tensor, key: Tensor, value: Tensor, softmax: bool) -> Tensor:
    """For every position of the query a mean of the value, weighted by the key."""
    pairs = torch.bmm(query.flatten(2).transpose(1, 2), key.flatten(2))
    scale = query.shape[1] ** -0.5 if softmax else 1 / pairs.shape[2]
    shares = (pairs * scale).softmax(-1) if softmax else pairs * scale
    found = torch.bmm(value.flatten(2), shares.transpose(1, 2))
    return found.reshape(*found.shape[:2], *query.shape[2:])


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

    def step(self, one: Any, two: Any, kept: list[Tensor]) -> list[Tensor]:
        """What is kept after a frame, its answer first, from the two products of each gate."""
        raise NotImplementedError


class Lstm(Recurrent):
    """A long short-term memory."""

    gates = 4
    answers = 2

    def step(self, one: Any, two: Any, kept: list[Tensor]) -> list[Tensor]:
        """The answer and the cell."""
        take, forget, new, answer = (each + other for each, other in zip(one, two, strict=True))
        cell = forget.sigmoid() * kept[1] + take.sigmoid() * new.tanh()
        return [answer.sigmoid() * cell.tanh(), cell]


class Gru(Recurrent):
    """A gated recurrent unit."""

    gates = 3

    def step(self, one: Any, two: Any, kept: list[Tensor]) -> list[Tensor]:
        """The answer."""
        reset, update = (one[0] + two[0]).sigmoid(), (one[1] + two[1]).sigmoid()
        new = (one[2] + reset * two[2]).tanh()
        return [new + update * (kept[0] - new)]


class ChannelLinear(nn.Linear):
    """A linear layer on the channels of (batch, channels, time, height, width)."""

    def forward(self, x: Tensor) -> Tensor:
        """The layer at every position."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class OpenWindows:
    """The windows in time that have begun and are not complete: one partial result each.

    Frames are counted from the first of the `before` frames that a clip would have ahead of it; windows of
    `kernel` taps, `dilation` apart, start every `stride` frames.
    """

    def __init__(self, kernel: int, stride: int, dilation: int, before: int) -> None:
        self.kernel, self.stride, self.dilation, self.before = kernel, stride, dilation, before
        self.reset()

    def reset(self) -> None:
        """Forgets the stream."""
        self.position = self.before
        self.partial: dict[int, Tensor] = {}

    def step(self, tap_of: Any, combine: Any) -> Tensor | None:
        """Takes the next frame; the result of the window that it completes, or None.

        `tap_of(tap)` is what a tap makes of the frame; `combine` joins the taps of one window.
        """
        for tap in range(self.kernel):
            start = self.position - self.dilation * tap
            if start >= 0 and start % self.stride == 0:
                part = tap_of(tap)
                self.partial[start] = combine(self.partial[start], part) if start in self.partial else part
        complete = self.partial.pop(self.position - self.dilation * (self.kernel - 1), None)
        self.position += 1
        return complete


class StreamConv3d(nn.Conv3d):
    """A 3D convolution that takes one frame at a time, (batch, channels, 1, height, width).

    Each tap in time is a 2D convolution of the frame; what is kept are the sums of the windows still open.
    """

    def __init__(self, *sizes: Any, before: int = 0, **options: Any) -> None:
        super().__init__(*sizes, **options)
        self.windows = OpenWindows(self.kernel_size[0], self.stride[0], self.dilation[0], before)

    def reset(self) -> None:
        """Forgets the stream."""
        self.windows.reset()

    def forward(self, frame: Tensor) -> Tensor | None:  # type: ignore[override]
        """The output that this frame completes, or None."""
        image, last = frame[:, :, 0], self.kernel_size[0] - 1

        def tap_of(tap: int) -> Tensor:
            weight, bias = self.weight[:, :, tap], self.bias if tap == last else None
            space = (self.stride[1:], self.padding[1:], self.dilation[1:])
            return F.conv2d(image, weight, bias, *space, self.groups)  # type: ignore[arg-type]

        complete = self.windows.step(tap_of, torch.add)
        return None if complete is None else complete.unsqueeze(2)


class StreamMaxPool3d(nn.Module):
    """A 3D max pool that takes one frame at a time; it keeps the maxima of the windows still open."""

    def __init__(
        self, kernel_size: Triple, stride: Triple, padding: Triple, dilation: Triple, before: int = 0
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation
        self.windows = OpenWindows(kernel_size[0], stride[0], dilation[0], before)

    def reset(self) -> None:
        """Forgets the stream."""
        self.windows.reset()

    def forward(self, frame: Tensor) -> Tensor | None:
        """The output that this frame completes, or None."""
        space = (self.kernel_size[1:], self.stride[1:], self.padding[1:], self.dilation[1:])
        image = F.max_pool2d(frame[:, :, 0], *space)
        complete = self.windows.step(lambda tap: image, torch.maximum)
        return None if complete is None else complete.unsqueeze(2)


class StreamAvgPool3d(nn.Module):
    """A 3D average pool that takes one frame at a time; it keeps the sums of the windows still open."""

    def __init__(
        self, kernel_size: Triple, stride: Triple, padding: Triple, dilation: int = 1, before: int = 0
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.windows = OpenWindows(kernel_size[0], stride[0], dilation, before)

    def reset(self) -> None:
        """Forgets the stream."""
        self.windows.reset()

    def forward(self, frame: Tensor) -> Tensor | None:
        """The output that this frame completes, or None."""
        space = (self.kernel_size[1:], self.stride[1:], self.padding[1:])
        image = F.avg_pool2d(frame[:, :, 0], *space) / self.kernel_size[0]
        complete = self.windows.step(lambda tap: image, torch.add)
        return None if complete is None else complete.unsqueeze(2)


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

    def begin(self, frame: Tensor, early: int) -> None:
        """Starts a stream so many steps ahead of its first frame."""
        self.zeros = frame.new_zeros(len(frame), *self.shape)
        self.now = -early

    def forward(self, frame: Tensor | None) -> Tensor | None:
        """The frame, zeros where one is due before the first has come, or None."""
        now, self.now = self.now, self.now + 1
        if frame is not None or not self.first <= now < self.begins:
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
