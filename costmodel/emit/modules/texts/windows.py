"""Texts of windows that slide over a stream and keep their open partial results.

Each text may use `torch`, `nn`, `F`, `Any`, `Triple` and what is carried along with it, nothing else.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

Triple = tuple[int, int, int]


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
