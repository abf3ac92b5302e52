"""Layers that random networks draw."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Literal

from costmodel.numbers import Size
from costmodel.ops import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    Attention,
    BatchNorm,
    Bias,
    ClipCrop,
    ConvGru,
    ConvLstm,
    ConvTranspose,
    CumulativePool,
    Dropout,
    GroupNorm,
    Gru,
    Identity,
    InstanceNorm,
    Interpolate,
    LayerNorm,
    Lstm,
    Op,
    PadChannels,
    Prelu,
    RmsNorm,
    Roll,
    Scale,
    Shift,
    Shuffle,
    Softmax,
    Split,
    WindowAttention,
)
from costmodel.ops.pointwise import ELEMENTWISE
from costmodel.ops.windowed import Pad
from costmodel.types import TensorType

Draw = Callable[[Random, TensorType], Op]

# The same number of draws for each, so that a family of many rows does not crowd out the others.
ON_VALUES: tuple[Draw, ...] = (
    *(lambda random, x: BatchNorm() for _ in range(2)),
    *(lambda random, x: random.choice(tuple(ELEMENTWISE.values()))() for _ in range(3)),
    lambda random, x: Prelu(random.random() < 0.5),
    lambda random, x: random.choice((Dropout(), Identity())),
    lambda random, x: norm(random, x),
    lambda random, x: random.choice((Scale, Bias))(per=random.choice(("one", "channel", "map"))),
)


MODES: tuple[Literal["nearest", "bilinear", "trilinear"], ...] = ("nearest", "bilinear", "trilinear")


def on_values(random: Random, x: TensorType) -> Op:
    """A layer that keeps the shape of its input and treats each frame alone."""
    return random.choice(ON_VALUES)(random, x)


def cumulative_pool(
    random: Random,
    over: Literal["position", "map"] = "position",
    answers: Literal["all", "last"] = "all",
) -> CumulativePool:
    """A mean or a maximum over all frames so far."""
    # Means twice as often: they have a count of frames to get wrong.
    return CumulativePool(of=random.choice(("mean", "mean", "max")), over=over, answers=answers)


def shift(random: Random) -> Shift:
    """A shift into the past or the future, of all channels or of shares."""
    if random.random() < 0.6:
        return Shift(frames=random.choice((1, 2, 3, -1, -2)))
    past, future = random.choice(((1, 0), (0, 1), (1, 1)))
    return Shift(frames=random.randint(1, 2), past=Fraction(past, 2), future=Fraction(future, 2))


def crop(random: Random, x: TensorType) -> ClipCrop:
    """A frame or two left out, and a row or column where there are some to spare."""
    rows, columns = (random.randint(0, int(each > 2)) for each in x[2:])
    ahead = random.randint(0, 2)
    return ClipCrop(before=(ahead, rows, 0), after=(random.randint(0, 1), 0, columns))


def recurrent(random: Random) -> Op:
    """A layer that remembers for ever, of each position alone or of the map."""
    channels = random.randint(1, 3)
    if random.random() < 0.4:
        return random.choice((Lstm, Gru))(channels)
    kernel, bias = random.choice((1, 3)), random.random() < 0.5
    if random.random() < 0.5:
        return ConvGru(channels, kernel, bias)
    return ConvLstm(channels, kernel, bias, peepholes=random.random() < 0.5)


def attention(random: Random, frames: int) -> Attention:
    """Attention within each frame, or to the last ones of so many frames."""
    softmax = random.random() < 0.7
    if random.random() < 0.3:
        return Attention(softmax, "frame")
    return Attention(softmax, "window", random.randint(1, min(5, frames)))


def on_channels(random: Random, x: TensorType) -> Op:
    """Channels dealt out, padded with zeros, or made shares of one."""
    kind = random.choice((Shuffle, PadChannels, Softmax))
    if kind is Shuffle:
        return Shuffle(random.choice(_divisors(x.channels)))
    return Softmax() if kind is Softmax else PadChannels(x.channels + random.randint(0, 2))


def part_of(random: Random, x: TensorType) -> Split:
    """Some of the channels: one of equal parts, of sizes, or of shares."""
    channels = int(x.channels)
    if channels == 1 or random.random() < 0.5:
        parts = random.randint(1, min(3, channels))
        return Split(random.randint(1, parts), parts)
    if random.random() < 0.5:
        return Split(random.randint(1, 2), sizes=(random.randint(1, channels - 1),))
    return Split(2, shares=(Fraction(1, random.randint(2, 3)),))


def roll(random: Random, x: TensorType, in_time: bool = False) -> Roll:
    """Rows and columns, or frames too, moved from one end to the other."""
    most = [int(size) - 1 for size in x[1:]]
    time = random.randint(1, most[0]) if in_time and most[0] else 0
    moved = (time, random.randint(0, min(2, most[1])), random.randint(0, min(2, most[2])))
    return Roll(to_end=moved) if random.random() < 0.5 else Roll(to_front=moved)


def windows(random: Random, x: TensorType, in_time: bool = False) -> WindowAttention:
    """Attention within windows of the map, or of the clip, perhaps of what a roll has shifted."""
    frames = random.choice(_divisors(x.time)) if in_time else 1
    sizes = (frames, random.choice(_divisors(x.height)), random.choice(_divisors(x.width)))
    is_shifted = random.random() < 0.5
    shift = tuple(random.randint(0, size - 1) if is_shifted else 0 for size in sizes)
    return WindowAttention(
        windows=sizes,
        shift=(shift[0], shift[1], shift[2]),
        heads=random.choice(_divisors(x.channels)),
        bias=random.random() < 0.5,
    )


def over_clip(random: Random) -> Attention:
    """Attention to all frames of the clip, of the own position or of all."""
    return Attention(random.random() < 0.7, random.choice(("clip", "time")))


def _divisors(size: Size) -> list[int]:
    return [each for each in range(1, int(size) + 1) if int(size) % each == 0]


def pads_in_space(random: Random, kernel: int) -> tuple[Pad, Pad]:
    """Padding in height and width that gives as many outputs as strides begin, for an odd kernel."""
    height, width = (random.choice((kernel // 2, kernel // 2, "same", (kernel // 2,) * 2)) for _ in range(2))
    return height, width


def transposed(random: Random, x: TensorType) -> ConvTranspose:
    """A transposed convolution that keeps the map, or makes it larger by a few rows and columns."""
    groups = random.choice(_divisors(x.channels))
    kernel, padding = random.choice(((3, 1), (2, 0), (3, 0)))
    return ConvTranspose(
        channels=groups * random.randint(1, 2),
        kernel=(1, kernel, kernel),
        padding=(0, padding, padding),
        groups=groups,
        bias=random.random() < 0.5,
    )


def resized(random: Random, x: TensorType) -> Op:
    """Each frame's map at a size near its own: interpolated, or pooled in windows that may overlap."""
    if random.random() < 0.3:
        return Interpolate(factor=(1, random.choice((1, 2)), Fraction(random.choice((1, 2)))))
    height, width = (max(1, int(each) + random.randint(-2, 2)) for each in x[2:])
    size = (None, height, width)
    if random.random() < 0.5:
        mode = random.choice(MODES)
        return Interpolate(size=size, mode=mode, align_corners=mode != "nearest" and random.random() < 0.5)
    return random.choice((AdaptiveAvgPool, AdaptiveMaxPool))(size=size)


def pool_to_size(random: Random, frames: int = 1) -> AdaptiveAvgPool | AdaptiveMaxPool:
    """All frames of the clip pooled to a small map, or to a few of them."""
    size = (frames, random.randint(1, 3), random.randint(1, 3))
    return random.choice((AdaptiveAvgPool, AdaptiveMaxPool))(size=size)


def norm(random: Random, x: TensorType) -> Op:
    """A norm by the statistics of each position, or of each frame's map."""
    channels = int(x.channels)
    if channels > 1 and random.random() < 0.5:
        return random.choice((LayerNorm(), RmsNorm()))
    if int(x.height) * int(x.width) == 1:  # of one value a norm makes nothing
        return BatchNorm()
    groups = random.choice(_divisors(channels))
    return random.choice((GroupNorm(groups=groups), InstanceNorm(affine=True)))
