"""Ops that only move channels: shuffles, splits and padding with zeros."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from costmodel.numbers import Size, equal
from costmodel.ops.base import Demand, Op
from costmodel.types import TensorType


@dataclass(frozen=True)
class Shuffle(Op):
    """Channels dealt out: with C channels, output j g + i is input i C/g + j  (Zhang 2018, fig. 2)."""

    word: ClassVar[str] = "shuffle"

    groups: Size

    def demands(self, x: TensorType) -> Iterator[Demand]:
        yield (
            equal(x.channels % self.groups, 0),
            "{} groups do not divide {} channels",
            (self.groups, x.channels),
        )


@dataclass(frozen=True)
class Split(Op):
    """One of several equal shares of the channels: the first share is part 1  (Ma 2018, fig. 3)."""

    word: ClassVar[str] = "split"
    is_view: ClassVar[bool] = True

    part: Size
    parts: Size = 2

    def demands(self, x: TensorType) -> Iterator[Demand]:
        yield (
            equal(x.channels % self.parts, 0),
            "{} parts do not divide {} channels",
            (self.parts, x.channels),
        )
        yield self.part <= self.parts, "there is no part {} of {}", (self.part, self.parts)

    def out(self, x: TensorType) -> TensorType:
        return x._replace(channels=x.channels // self.parts)

    def allocates(self, x: TensorType) -> Size:
        return 0


@dataclass(frozen=True)
class PadChannels(Op):
    """Channels of zeros behind the others, up to `channels`: shortcut A of He 2016, sec. 3.3."""

    word: ClassVar[str] = "pad_channels"

    channels: Size

    def demands(self, x: TensorType) -> Iterator[Demand]:
        yield (
            self.channels >= x.channels,
            "{} channels are fewer than the {} there",
            (self.channels, x.channels),
        )

    def out(self, x: TensorType) -> TensorType:
        return x._replace(channels=self.channels)
