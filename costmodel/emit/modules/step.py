"""What a node keeps between frames: open partial results, frames of a window, or those of a waiting branch.

A keeper holds no tensor itself. It says which tensors its node keeps and turns those held before a frame into
those held after it, so that a step is a pure function. Tensors change places without being copied.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from costmodel.emit.modules.base import Layer, WindowedLayer, mirrors
from costmodel.emit.modules.pool import AvgPoolLayer
from costmodel.emit.modules.recurrent import RecurrentLayer
from costmodel.emit.state import where
from costmodel.numbers import ceil_div
from costmodel.ops import Delay, Step
from costmodel.types import TensorType

Kept = tuple[Tensor, ...]
MOST_SINGLE_PARTIALS = 4


@mirrors(Delay)
class DelayLayer(Layer[Delay]):
    """Holds a branch back in a stream; a clip's frames are aligned by their number, so it passes them on."""

    is_fresh = False

    def forward(self, *clips: Tensor) -> Tensor:
        return clips[0]

    def frame(self, *frames: Tensor) -> Tensor:
        return frames[0]


class Keeper(ABC):
    """What one node keeps between frames: tensors of these shapes, without the batch, by name."""

    def __init__(self, shapes: dict[str, tuple[int, ...]], padding_value: float) -> None:
        self.shapes = shapes
        self.padding_value = padding_value

    @abstractmethod
    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        """The output where this frame completes one, and what is kept after it.

        `phase` is the frame's number, counted from the first of the clip's padding, modulo the stride.
        """

    def empty(self, batch: int, like: Tensor) -> Kept:
        """What is kept where the frames ahead of the first are a clip's padding."""
        return tuple(
            torch.full((batch, *shape), self.padding_value, dtype=like.dtype, device=like.device)
            for shape in self.shapes.values()
        )

    @abstractmethod
    def replicated(self, frame: Tensor, phase: int) -> Kept:
        """What is kept where every frame ahead of the first equals it  (Hedegaard 2022, sec. 3.6)."""

    def before_first(self, frame: Tensor, kept: Kept, seen: Tensor) -> tuple[Tensor, Kept]:
        """A frame and what is kept, as if nothing had come in ahead of the layer's first frame.

        An exported program runs every layer on every step, also on what stands ahead of the first frame.

        Args:
            frame: (batch, channels, height, width).
            kept: the tensors before the frame.
            seen: (batch,), the frames that each stream's layer has seen; below zero ahead of the first.
        """
        empty, starts = self.empty(len(frame), frame), seen <= 0
        return frame, tuple(where(starts, new, old) for new, old in zip(empty, kept, strict=True))


def keeper_of(op: Step, layer: Layer[Any], x: TensorType) -> Keeper:
    """What keeps the state of a layer in a stream."""
    window, kept = op.inner.window(x), op.carry(x).kept
    if isinstance(layer, RecurrentLayer):
        return RecurrentKeeper(layer, kept)
    assert isinstance(layer, WindowedLayer)
    ((name, held),) = kept.items()
    frames, shape = int(held.time), (int(held.channels), int(held.height), int(held.width))
    if name == "frames":
        return WindowKeeper(layer, frames, shape, window.stride)
    if (
        isinstance(layer, AvgPoolLayer)
        and window.stride == window.dilation == 1
        and frames > MOST_SINGLE_PARTIALS
    ):
        return AverageKeeper(layer, frames, shape)
    return PartialKeeper(layer, frames, shape, window.dilation, window.stride)


def _numbered(name: str, frames: int, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return {f"{name}.{number}": shape for number in range(frames)}


class Taps(NamedTuple):
    """What the taps of a window do with a frame at one phase.

    `joining` are the taps that add to an open partial result, each with its place among those kept, `opened`
    how many are open before; tap 0 opens one where `opens`, the last tap closes the first where `closes`.
    """

    joining: tuple[tuple[int, int], ...]
    opened: int
    opens: bool
    closes: bool


@cache
def taps_at(kernel: int, dilation: int, stride: int, phase: int) -> Taps:
    """The taps that use a frame: those m with (phase - d m) mod s = 0, so that no product is dropped.

    The output that tap m adds to is complete d(k - 1 - m) frames later; those open are kept in the order in
    which they will be complete, s frames apart.
    """
    span = dilation * (kernel - 1)
    first = (span - phase) % stride
    used = [tap for tap in range(kernel) if (phase - dilation * tap) % stride == 0]
    joining = tuple(
        (tap, (dilation * (kernel - 1 - tap) - first) // stride) for tap in used if 0 < tap < kernel - 1
    )
    return Taps(joining, len(range(first, span, stride)), 0 in used, kernel - 1 in used)


class _Windowed(Keeper):
    """What is kept of a window: a clip's padding ahead of the first frame leaves it as it is when empty."""

    def before_first(self, frame: Tensor, kept: Kept, seen: Tensor) -> tuple[Tensor, Kept]:
        if not kept:
            return frame, kept
        # One frame is masked here in place of every tensor that is kept.
        begun = (seen >= 0).view(-1, 1, 1, 1)
        return torch.where(begun, frame, torch.full_like(frame, self.padding_value)), kept


class PartialKeeper(_Windowed):
    """Keeps the open partial results, ceil(d(k-1) / s) of them, at output size  (Hedegaard 2022, eq. 5)."""

    def __init__(
        self, layer: WindowedLayer[Any], frames: int, shape: tuple[int, ...], dilation: int, stride: int
    ) -> None:
        super().__init__(_numbered("partial", frames, shape), layer.padding_value)
        self.layer = layer
        self.kernel, self.dilation, self.stride = layer.kernel[0], dilation, stride

    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        joining, opened, opens, closes = taps_at(self.kernel, self.dilation, self.stride, phase)
        last = self.kernel - 1
        wanted = [tap for tap, _ in joining]
        if opens:
            wanted.append(0)
        if closes and last > 0:
            wanted.append(last)
        made = dict(zip(wanted, self.layer.taps(frame, tuple(wanted)), strict=True))
        if last == 0:
            return made.get(0), kept
        partials = list(kept)
        for tap, place in joining:
            partials[place] = self.layer.combine(partials[place], made[tap])
        if opens and opened < len(partials):
            partials[opened] = made[0]
        output = None
        if closes:
            closed = partials.pop(0)
            output = self.layer.combine(closed, made[last])
            partials.append(made[0] if opens and opened == len(kept) else closed)
        return output, tuple(partials)

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        span, kept = self.dilation * (self.kernel - 1), []
        first = (span - phase) % self.stride
        for remaining in range(first, span, self.stride):
            taps = [tap for tap in range(self.kernel) if self.dilation * (self.kernel - 1 - tap) > remaining]
            total, *others = self.layer.taps(frame, tuple(taps))
            for other in others:
                total = self.layer.combine(total, other)
            kept.append(total)
        return (*kept, *self.empty(len(frame), frame)[len(kept) :])


class AverageKeeper(_Windowed):
    """Keeps the open sums of a long average in one tensor (batch, channels, frames, height, width)."""

    def __init__(self, layer: AvgPoolLayer, frames: int, shape: tuple[int, ...]) -> None:
        super().__init__({"partial": (shape[0], frames, *shape[1:])}, layer.padding_value)
        self.layer = layer
        self.frames = frames

    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        ((tap,), (sums,)) = self.layer.taps(frame, (0,)), kept
        tap = tap.unsqueeze(2)
        return (sums[:, :, 0] + tap[:, :, 0]), (torch.cat((sums[:, :, 1:] + tap, tap), dim=2),)

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        (tap,) = self.layer.taps(frame, (0,))
        times = torch.arange(self.frames, 0, -1, dtype=tap.dtype, device=tap.device)
        return (tap.unsqueeze(2) * times[:, None, None],)


class WindowKeeper(_Windowed):
    """Keeps the d(k-1) frames of the window that came before."""

    def __init__(self, layer: WindowedLayer[Any], frames: int, shape: tuple[int, ...], stride: int) -> None:
        super().__init__(_numbered("frames", frames, shape), layer.padding_value)
        self.layer = layer
        self.frames, self.stride = frames, stride

    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        frames = [*kept, frame]
        answers = (self.frames - phase) % self.stride == 0
        output = self.layer.over(frames[:: self.layer.dilation[0]]) if answers else None
        return output, tuple(frames[1:])

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        return tuple(frame.clone() for _ in range(self.frames))


class RecurrentKeeper(Keeper):
    """Keeps what a recurrent layer remembers, from zeros on whatever stands ahead of the first frame."""

    def __init__(self, layer: RecurrentLayer, kept: Mapping[str, TensorType]) -> None:
        shapes: dict[str, tuple[int, ...]] = {
            name: (int(each.channels), int(each.height), int(each.width)) for name, each in kept.items()
        }
        super().__init__(shapes, 0.0)
        self.layer = layer

    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        after = self.layer.step(frame, kept)
        return after[0], after

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        return self.empty(len(frame), frame)


class DelayKeeper(Keeper):
    """Keeps ceil(wait / jump) frames of a branch; no valid output reads what it holds ahead of the first."""

    def __init__(self, op: Delay, x: TensorType) -> None:
        frames = int(ceil_div(op.wait, op.jump))
        super().__init__(_numbered("frames", frames, (int(x.channels), int(x.height), int(x.width))), 0.0)

    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        return None, (*kept[1:], frame)

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        return tuple(frame.clone() for _ in self.shapes)

    def before_first(self, frame: Tensor, kept: Kept, seen: Tensor) -> tuple[Tensor, Kept]:
        return frame, kept
