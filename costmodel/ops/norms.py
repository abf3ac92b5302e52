"""Norms by statistics of their own input: over the channels, over groups of them, frame by frame or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, Literal

from costmodel.conditions import differ, equal
from costmodel.errors import TransformError
from costmodel.numbers import Size
from costmodel.ops.base import Demand, Op
from costmodel.types import FRAMEWISE, Shape, Streaming, TensorType, Window, Work


class _Norm(Op):
    """What norms by their own statistics share: a scale and a shift for each channel."""

    kind: ClassVar[str]
    affine: bool

    def weights(self, x: TensorType) -> Mapping[str, Shape]:
        return {"weight": (x.channels,), "bias": (x.channels,)} if self.affine else {}

    def work(self, x: TensorType) -> Work:
        work = {f"norm.{self.kind}": x.values}
        return work | ({f"norm.{self.kind}.affine": x.values} if self.affine else {})


@dataclass(frozen=True, kw_only=True)
class LayerNorm(_Norm):
    """Mean 0 and variance 1 over the channels at each position, then scale and shift  (Ba 2016, eq. 4)."""

    word: ClassVar[str] = "layer_norm"
    kind: ClassVar[str] = "layer"

    eps: Fraction = Fraction(1, 100_000)
    affine: bool = True


@dataclass(frozen=True, kw_only=True)
class RmsNorm(Op):
    """Root mean square 1 over the channels at each position, then a scale  (Zhang 2019, eq. 4)."""

    word: ClassVar[str] = "rms_norm"

    eps: Fraction = Fraction(1, 1_000_000)

    def weights(self, x: TensorType) -> Mapping[str, Shape]:
        return {"weight": (x.channels,)}

    def work(self, x: TensorType) -> Work:
        return {"norm.rms": x.values}


@dataclass(frozen=True, kw_only=True)
class _OverMaps(_Norm):
    """A norm over maps: of each frame alone, or of all frames of the clip."""

    is_aside: ClassVar[bool] = True

    over: Literal["frame", "clip"] = "frame"
    eps: Fraction = Fraction(1, 100_000)

    @property
    def runs_on_images(self) -> bool:
        return self.over == "frame"

    def groups_of(self, x: TensorType) -> Size:
        """How many groups of channels have a mean and a variance of their own."""
        return x.channels

    def demands(self, x: TensorType) -> Iterator[Demand]:
        groups = self.groups_of(x)
        values = (x.channels // groups) * x.height * x.width * (x.time if self.over == "clip" else 1)
        # its mean is the value itself: whatever comes in, 0 goes on, and PyTorch refuses to run it
        told = "a mean and a variance over a single value: {} channels in {} groups on a map of {} x {}"
        yield differ(values, 1), told, (x.channels, groups, x.height, x.width)

    def window(self, x: TensorType) -> Window:
        if self.over == "frame" or (isinstance(x.time, int) and x.time == 1):
            return FRAMEWISE
        return Window(kernel=x.time, whole_clip=True)

    def in_place(self, x: TensorType) -> Mapping[str, Op]:
        return {"normalise each frame alone": replace(self, over="frame")}

    def streamed(self, stream: Streaming, x: TensorType) -> Op:
        if self.window(x).is_framewise:  # of a clip of one frame, a stream has many
            return replace(self, over="frame")
        raise TransformError(
            f"{self.word} takes its mean and variance over all {x.time} frames of the clip, which a stream "
            "never has; `over: frame` normalises each frame alone"
        )


@dataclass(frozen=True, kw_only=True)
class GroupNorm(_OverMaps):
    """Mean 0 and variance 1 over each group of channels and the map, then scale, shift  (Wu 2018, eq. 7)."""

    word: ClassVar[str] = "group_norm"
    kind: ClassVar[str] = "group"

    groups: Size
    affine: bool = True

    def groups_of(self, x: TensorType) -> Size:
        return self.groups

    def demands(self, x: TensorType) -> Iterator[Demand]:
        yield (
            equal(x.channels % self.groups, 0),
            "{} groups do not divide {} channels",
            (self.groups, x.channels),
        )
        yield from super().demands(x)


@dataclass(frozen=True, kw_only=True)
class InstanceNorm(_OverMaps):
    """Mean 0 and variance 1 of each channel over the map  (Ulyanov 2016, eq. 5)."""

    word: ClassVar[str] = "instance_norm"
    kind: ClassVar[str] = "instance"

    affine: bool = False
