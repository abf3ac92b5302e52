"""A shift in time that is part of the network: it changes what is computed, where a `Delay` only waits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from costmodel.numbers import Size
from costmodel.ops.base import Op, must_look_ahead_of_pools
from costmodel.ops.step import Step
from costmodel.types import Streaming, TensorType, Window


@dataclass(frozen=True, kw_only=True)
class Shift(Op):
    """Every frame replaced by the one `frames` before it, zeros ahead of the first  (Kopuklu 2022, fig. 3).

    It sees one frame, in the past. On a stream that frame has come already, so nothing is kept: what a clip
    network calls frame t, a stream answers when frame t - frames comes, `pads` no zeros and hands it on.
    """

    word: ClassVar[str] = "shift"
    hidden: ClassVar[frozenset[str]] = frozenset({"pads"})

    frames: int = 1
    pads: bool = True

    def window(self, x: TensorType) -> Window:
        return Window(before=self.frames)

    def streamed(self, stream: Streaming, x: TensorType) -> Op:
        must_look_ahead_of_pools(self, stream)
        return Step(replace(self, pads=False), self.frames)

    def allocates(self, x: TensorType) -> Size:
        """Its output is cut from a copy with the zeros ahead."""
        return x.with_time(x.time + self.frames).values if self.pads else x.values
