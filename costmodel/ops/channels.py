"""Ops that only move channels: shuffles, splits and padding with zeros."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add
from typing import ClassVar

from costmodel.conditions import either, equal
from costmodel.numbers import Condition, Size, floor, where
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

    def stays(self, x: TensorType) -> Condition:
        # One group, or one of each channel, leaves all where they are.
        return either(equal(self.groups, 1), equal(self.groups, x.channels))


Sizes = tuple[Size, ...]
Shares = tuple[Fraction, ...]


@dataclass(frozen=True)
class Split(Op):
    """Some of the channels, by number of the part, the first being part 1  (Ma 2018, fig. 3).

    Parts are equal, or have given `sizes`, or `shares` of the channels, each rounded down; what is left
    stands in the last of `parts`, and behind the last size or share as one part more  (Lin 2019, its code).
    """

    word: ClassVar[str] = "split"
    is_view: ClassVar[bool] = True

    part: Size
    parts: Size = 2
    sizes: Sizes | None = None
    shares: Shares | None = None

    def demands(self, x: TensorType) -> Iterator[Demand]:
        yield not (self.sizes and self.shares), "takes sizes or shares, not both", ()
        given = self._given(x)
        if given is None:
            yield self.part <= self.parts, "there is no part {} of {}", (self.part, self.parts)
            yield (
                self.parts <= x.channels,
                "{} parts of {} channels; some would hold none",
                (self.parts, x.channels),
            )
            return
        count = len(given) + 1
        yield self.part <= count, "there is no part {} of {}, the rest counted in", (self.part, count)
        total = reduce(add, given)
        yield total <= x.channels, "parts of {} channels in all, of {}", (total, x.channels)

    def bounds(self, x: TensorType) -> tuple[Size, Size]:
        """The first channel and how many there are."""
        given = self._given(x)
        if given is None:
            each = x.channels // self.parts
            # `where`, not `if`: part and channels may be symbols or arrays.
            is_last = equal(self.part, self.parts)
            return (self.part - 1) * each, each + where(is_last, x.channels % self.parts, 0)
        number = int(self.part) - 1  # it decides the structure
        first = reduce(add, given[:number], 0)
        return first, given[number] if number < len(given) else x.channels - first

    def _given(self, x: TensorType) -> Sizes | None:
        if self.shares is not None:
            # Exact, as shares are fractions: 0.29 of 100 channels as a float is 28.999..., and would give 28.
            return tuple(floor(share * x.channels) for share in self.shares)
        return self.sizes

    def out(self, x: TensorType) -> TensorType:
        return x._replace(channels=self.bounds(x)[1])

    # A slice is a view of its input.
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
