"""What a sliding window keeps between frames: its open partial results, or frames that it looks back on."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from costmodel.emit.modules.base import WindowedLayer
from costmodel.emit.modules.chunked import in_full, in_loops, in_taps, in_windows, is_full, is_looped, masked
from costmodel.emit.modules.keeper import Keeper, Kept, last_frames, numbered
from costmodel.ops import Step, Windowed
from costmodel.types import TensorType


def windowed_keeper(layer: WindowedLayer[Windowed], op: Step, x: TensorType) -> Keeper:
    """What keeps a window in the form that its step states."""
    ((name, held),) = op.carry(x).kept.items()
    return WindowKeeper(layer, held) if name == "frames" else PartialKeeper(layer, held)


class Taps(NamedTuple):
    """What the taps of a window do with a frame at one phase.

    `joining` are the taps that add to an open partial result, each with its place among those kept, `opened`
    how many are open before; tap 0 opens one where `opens`, the last tap closes the first where `closes`.
    """

    joining: tuple[tuple[int, int], ...]
    opened: int
    opens: bool
    closes: bool


# Asked at every step of every layer, with few different answers.
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


class WindowedKeeper(Keeper):
    """What is kept of a window: a clip's padding ahead of the first frame leaves it as it is when empty."""

    def chunk(
        self, chunks: Kept, kept: Kept, phases: tuple[int, ...], seen: Tensor | None, masks: bool
    ) -> tuple[Tensor, Kept]:
        (frames,) = chunks
        if masks and seen is not None:
            # Padding joins what is kept and leaves it as it is: empty.
            frames = masked(frames, seen, self.padding_value)
        return self.at_once(frames, kept, phases)

    def at_once(self, frames: Tensor, kept: Kept, phases: tuple[int, ...]) -> tuple[Tensor, Kept]:
        """The outputs of the frames of a chunk, and what is kept behind it; one by one unless it says how."""
        return super().chunk((frames,), kept, phases, None, masks=False)

    def before_first(self, frame: Tensor, kept: Kept, seen: Tensor) -> tuple[Tensor, Kept]:
        if not kept:
            return frame, kept
        # One frame is masked here in place of every tensor that is kept.
        begun = (seen >= 0).view(-1, 1, 1, 1)
        return torch.where(begun, frame, torch.full_like(frame, self.padding_value)), kept


class PartialKeeper(WindowedKeeper):
    """Keeps the open partial results, ceil(d(k-1) / s) of them, at output size  (Hedegaard 2022, eq. 5)."""

    def __init__(self, layer: WindowedLayer[Windowed], held: TensorType) -> None:
        super().__init__(numbered("partial", held), layer.padding_value)
        self.layer = layer
        self.kernel, self.dilation, self.stride = layer.kernel[0], layer.dilation[0], layer.stride[0]

    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        if is_looped(self.layer, 1) or is_full(self.layer):
            outputs, after = self._compiled(frame.unsqueeze(2), kept)
            return outputs.squeeze(2), after
        joining, opened, opens, closes = taps_at(self.kernel, self.dilation, self.stride, phase)
        last = self.kernel - 1
        wanted = [tap for tap, _ in joining]
        if opens:
            wanted.append(0)
        if closes and last > 0:
            wanted.append(last)
        made = dict(zip(wanted, self.layer.taps(frame, tuple(wanted)), strict=True))
        # A kernel of 1 closes what it opens; with a stride some frames do neither.
        if last == 0:
            return made.get(0), kept
        partials = list(kept)
        for tap, place in joining:
            partials[place] = self.layer.combine(partials[place], made[tap])
        # Where all places are taken, the first is freed below and the new window takes the last.
        if opens and opened < len(partials):
            partials[opened] = made[0]
        output = None
        if closes:
            closed = partials.pop(0)
            output = self.layer.combine(closed, made[last])
            # The state's tensors keep their number: a place without
            # a window holds any tensor of its shape, never read.
            partials.append(made[0] if opens and opened == len(kept) else closed)
        return output, tuple(partials)

    def at_once(self, frames: Tensor, kept: Kept, phases: tuple[int, ...]) -> tuple[Tensor, Kept]:
        if len(phases) == 1:
            return super().at_once(frames, kept, phases)
        if is_looped(self.layer, len(phases)) or is_full(self.layer):
            return self._compiled(frames, kept)
        return in_taps(self.layer, frames, kept, phases[0])

    def _compiled(self, frames: Tensor, kept: Kept) -> tuple[Tensor, Kept]:
        in_form = in_loops if is_looped(self.layer, frames.shape[2]) else in_full
        return in_form(self.layer, frames, kept)

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        span, kept = self.dilation * (self.kernel - 1), []
        first = (span - phase) % self.stride
        # Of a window that ends so many frames ahead, earlier frames have met the taps further from its end.
        for remaining in range(first, span, self.stride):
            taps = [tap for tap in range(self.kernel) if self.dilation * (self.kernel - 1 - tap) > remaining]
            total, *others = self.layer.taps(frame, tuple(taps))
            for other in others:
                total = self.layer.combine(total, other)
            kept.append(total)
        return (*kept, *self.empty(len(frame), frame)[len(kept) :])


class WindowKeeper(WindowedKeeper):
    """Keeps the d(k-1) frames of the window that came before."""

    def __init__(self, layer: WindowedLayer[Windowed], held: TensorType) -> None:
        super().__init__(numbered("frames", held), layer.padding_value)
        self.layer = layer
        self.frames, self.stride = int(held.time), layer.stride[0]

    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        frames = [*kept, frame]
        # The frame is the newest of its window; windows begin at multiples of the stride.
        answers = (self.frames - phase) % self.stride == 0
        output = self.layer.over(frames[:: self.layer.dilation[0]]) if answers else None
        return output, tuple(frames[1:])

    def at_once(self, frames: Tensor, kept: Kept, phases: tuple[int, ...]) -> tuple[Tensor, Kept]:
        if len(phases) == 1:
            return super().at_once(frames, kept, phases)
        return in_windows(self.layer, frames, kept, phases[0]), last_frames(kept, frames)

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        return tuple(frame.clone() for _ in range(self.frames))
