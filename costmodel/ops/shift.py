"""A shift in time that is part of the network: it changes what is computed, where a `Delay` only waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from costmodel.numbers import Size
from costmodel.ops.base import PoolTriple
from costmodel.ops.windowed import Windowed
from costmodel.types import TensorType


@dataclass(frozen=True, kw_only=True)
class Shift(Windowed):
    """Every frame replaced by the one `frames` before it, zeros ahead of the first  (Kopuklu 2022, fig. 3).

    A window of frames + 1 frames of which the oldest is passed on.
    """

    word: ClassVar[str] = "shift"
    hidden: ClassVar[frozenset[str]] = frozenset({"kernel", "stride", "padding", "dilation", "causal"})

    frames: int = 1
    kernel: PoolTriple = (2, 1, 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kernel", (self.frames + 1, 1, 1))

    def pads(self, axis: int) -> tuple[Size, Size]:
        return (self.frames, 0) if axis == 0 and self.padding is None else (0, 0)

    def out(self, x: TensorType) -> TensorType:
        return TensorType(x.channels, *self.slide(x))
