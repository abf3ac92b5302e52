"""What a node keeps between frames, and which op keeps what.

A keeper holds no tensor itself. It says which tensors its node keeps and turns those held before a frame into
those held after it, so that a step is a pure function. Tensors change places without being copied.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, TypeVar

import torch
from torch import Tensor

from costmodel.emit.modules.base import Layer
from costmodel.emit.modules.frames import in_time
from costmodel.emit.modules.registry import Registry
from costmodel.emit.state import where
from costmodel.ops import Op
from costmodel.types import TensorType

Kept = tuple[Tensor, ...]
# Of a frame and of several, channels last.
LAYOUTS = {4: torch.channels_last, 5: torch.channels_last_3d}
# Of the layer, its frame-by-frame form and its inputs; each family knows its own layers.
MakeKeeper = Callable[..., "Keeper"]
AnyMaker = TypeVar("AnyMaker", bound=MakeKeeper)

KEEPERS: Registry[MakeKeeper] = Registry("keeper of its state")


class Keeper(ABC):
    """What one node keeps between frames: tensors of these shapes, without the batch, by name."""

    waits: ClassVar[bool] = False
    """Whether it hands on its oldest frame at a time of its own, before it takes one in."""

    counts: ClassVar[bool] = False
    """Whether it must know how many frames its layer has seen: then `counted` runs in place of `step`."""

    joins: ClassVar[bool] = False
    """Whether its layer has several inputs: then `joined` runs in place of `step`, and it counts."""

    def __init__(self, shapes: dict[str, tuple[int, ...]], padding_value: float) -> None:
        self.shapes = shapes
        self.padding_value = padding_value

    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        """The output where this frame completes one, and what is kept after it.

        `phase` is the frame's number, counted from the first of the clip's padding, modulo the stride.
        """
        raise NotImplementedError

    def counted(self, frame: Tensor, kept: Kept, phase: int, seen: Tensor) -> tuple[Tensor | None, Kept]:
        """As `step`, `seen` (batch,) being the frames that each stream's layer has seen before this one."""
        raise NotImplementedError

    def joined(self, frames: Kept, kept: Kept, seen: Tensor) -> tuple[Tensor | None, Kept]:
        """As `counted`, of a frame of each input."""
        raise NotImplementedError

    def chunk(
        self, chunks: Kept, kept: Kept, phases: tuple[int, ...], seen: Tensor | None, masks: bool
    ) -> tuple[Tensor, Kept]:
        """The outputs of the frames of a chunk, and what is kept behind it: as so many steps give.

        Args:
            chunks: (batch, channels, time, height, width) of each input.
            kept: the tensors before the chunk.
            phases: of each frame.
            seen: (batch,), the frames that each stream's layer has seen before the chunk, where it counts.
            masks: whether frames may stand ahead of a stream's first: those that `seen` counts below zero.
        """
        found = []
        for number, phase in enumerate(phases):
            frames = tuple(each[:, :, number] for each in chunks)
            before = None if seen is None else seen + number
            if masks and before is not None:
                first, kept = self.before_first(frames[0], kept, before)
                frames = (first, *frames[1:])
            output, kept = self._stepped(frames, kept, phase, before)
            if output is not None:
                found.append(output)
        # Of one frame the tensor itself: to stack it would be a copy.
        return (found[0].unsqueeze(2) if len(found) == 1 else in_time(found)), kept

    def _stepped(
        self, frames: Kept, kept: Kept, phase: int, seen: Tensor | None
    ) -> tuple[Tensor | None, Kept]:
        if not self.counts or seen is None:
            return self.step(frames[0], kept, phase)
        return self.joined(frames, kept, seen) if self.joins else self.counted(frames[0], kept, phase, seen)

    def handed_on(self, frames: Tensor, kept: Kept, first: int) -> tuple[Tensor, Kept]:
        """Of one that waits: as many frames of a chunk as come, and what is kept behind it.

        Args:
            frames: (batch, channels, time, height, width).
            kept: the tensors before the chunk.
            first: the place of the first frame that is handed on, those kept and those of the chunk in a row.
        """
        raise NotImplementedError

    def empty(self, batch: int, like: Tensor) -> Kept:
        """What is kept where the frames ahead of the first are a clip's padding."""
        made = (
            torch.full((batch, *shape), self.padding_value, dtype=like.dtype, device=like.device)
            for shape in self.shapes.values()
        )
        # As steps leave them: a program compiled for a new stream's state would turn each map at every step.
        return tuple(map(_laid_out, made))

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
        # At the first frame too: what earlier steps of the program have left there is nobody's.
        empty, starts = self.empty(len(frame), frame), seen <= 0
        return frame, tuple(where(starts, new, old) for new, old in zip(empty, kept, strict=True))


def _laid_out(held: Tensor) -> Tensor:
    return held.contiguous(memory_format=LAYOUTS.get(held.dim(), torch.contiguous_format))


def keeps(*ops: type[Op]) -> Callable[[AnyMaker], AnyMaker]:
    """Registers what makes the keeper of these ops from a layer, its frame-by-frame form and its inputs."""

    def register(maker: AnyMaker) -> AnyMaker:
        KEEPERS.add(ops, maker)
        return maker

    return register


def keeper_for(op: Op, layer: Layer[Op], *inputs: TensorType) -> Keeper:
    """What keeps the state of a frame-by-frame form.

    Raises:
        EmitError: the op has no keeper.
    """
    return KEEPERS.of(op)(layer, op, *inputs)


def last_frames(kept: Kept, frames: Tensor) -> Kept:
    """As many of the last frames as were kept, those of a chunk behind those kept before."""
    places = range(frames.shape[2], frames.shape[2] + len(kept))
    # A frame of a chunk is a view that would keep all of it in memory; a chunk of one is that frame.
    copies = frames.shape[2] > 1
    found = (kept[place] if place < len(kept) else frames[:, :, place - len(kept)] for place in places)
    return tuple(
        each.clone() if copies and place >= len(kept) else each
        for place, each in zip(places, found, strict=True)
    )


def numbered(name: str, held: TensorType) -> dict[str, tuple[int, ...]]:
    """Shapes of frames that are kept one by one, by name."""
    # Frames are tensors of their own, not one of many frames: they change places by name, and none is copied.
    shape = (int(held.channels), int(held.height), int(held.width))
    return {f"{name}.{number}": shape for number in range(int(held.time))}
