"""Moving digits: handwritten digits that move over a noisy background, behind bars.

A label joins which digit it is and how it moves. Digits that resemble each other stand in different
groups, so that telling them apart needs resolution and width. Whether a digit turns left or right needs
three frames, whether it crosses or swings needs a long look.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from search.data.base import Data, Frames

Split = Literal["train", "validation"]
Values = NDArray[np.floating]
Numbers = NDArray[np.int64]

GROUPS = ((0, 6, 8), (1, 4, 7), (2, 3, 5, 9))
MOTIONS = ("cross", "swing", "clockwise", "counterclockwise")
CLASSES = tuple(f"{'or'.join(map(str, group))} {motion}" for group in GROUPS for motion in MOTIONS)
CROSSING = 32  # frames in which a crossing digit goes from one side to the other, where it turns back
BLOCK = 16  # videos drawn together, from one stream of random numbers
NOISE = 16  # the most that noise adds to a pixel or takes from it, of 255
HELD_OUT = 5  # every fifth digit image is kept for validation


# read once: a video of any data set is drawn from the same 1797 images
@lru_cache(maxsize=1)
def _images() -> tuple[Values, Numbers]:
    """The digit images (number, 8, 8) in 0 to 1, and the digit that each shows."""
    # The file alone: to import scikit-learn for it takes a worker half a second.
    table = np.loadtxt(_file_of_digits(), np.int64, delimiter=",")
    return table[:, :-1].reshape(-1, 8, 8).astype(np.float32) / 16, table[:, -1]


def _file_of_digits() -> Path:
    """The images that scikit-learn brings along."""
    found = find_spec("sklearn")
    assert found is not None, "scikit-learn is one of our dependencies"
    assert found.origin is not None
    return Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz"


@lru_cache(maxsize=2)
def _choices(split: Split) -> tuple[Numbers, ...]:
    """For each group, the images that a part may show; no image serves both parts."""
    _, shown = _images()
    number = np.arange(len(shown))
    # by image: the same handwriting in both parts would be known by heart
    mine = (number % HELD_OUT == 0) == (split == "validation")
    return tuple(number[mine & np.isin(shown, group)] for group in GROUPS)


@dataclass(frozen=True)
class MovingDigits:
    """Videos of moving digits, drawn when first looked at and then held.

    Args:
        split: which digit images are shown.
        count: how many videos there are.
        seed: of all that is drawn; a video does not depend on the count.
        length: frames of each video.
        size: height and width.
    """

    split: Split
    count: int
    seed: int = 0
    length: int = 32
    size: int = 40
    channels: int = field(default=1, init=False)

    @property
    def height(self) -> int:
        """Height of a frame."""
        return self.size

    @property
    def width(self) -> int:
        """Width of a frame."""
        return self.size

    @cached_property
    def lengths(self) -> Numbers:
        """Frames of each video."""
        return np.full(self.count, self.length)

    @cached_property
    def labels(self) -> Numbers:
        """Labels, each as often as every other."""
        return np.arange(self.count) % (len(GROUPS) * len(MOTIONS))

    def frames(self, index: Numbers, times: Numbers) -> Frames:
        """Frames (clips, time, height, width, channels) of the videos `index` at `times`."""
        for block in np.unique(index // BLOCK):
            if not self._drawn[block]:
                self._draw(int(block))
        return self._videos[index[:, None], times][..., None]

    @cached_property
    def _drawn(self) -> NDArray[np.bool_]:
        return np.zeros(-(-self.count // BLOCK), dtype=np.bool_)

    @cached_property
    def _videos(self) -> Frames:
        return np.empty((self.count, self.length, self.size, self.size), np.uint8)

    def _draw(self, block: int) -> None:
        # whole blocks, whatever is asked for: a video must not depend on which others are looked at
        first = block * BLOCK
        random = np.random.default_rng([self.seed, self.split == "validation", block])
        labels = np.arange(first, first + BLOCK) % (len(GROUPS) * len(MOTIONS))
        drawn = _videos(random, labels, self.split, self.length, self.size)
        self._videos[first : first + BLOCK] = drawn[: self.count - first]
        self._drawn[block] = True


def moving_digits(train: int = 2000, validation: int = 1000, seed: int = 0, length: int = 32) -> Data:
    """The data set of moving digits; the two parts share no digit image."""
    return Data(
        f"digits:train={train},val={validation},length={length},seed={seed}",
        CLASSES,
        MovingDigits("train", train, seed, length),
        MovingDigits("validation", validation, seed, length),
        mirrors=False,  # a mirrored digit is none, and clockwise becomes counterclockwise
    )


def _videos(random: np.random.Generator, labels: Numbers, split: Split, length: int, size: int) -> Frames:
    """Videos (number, time, height, width) of the labels."""
    groups, motions = np.divmod(labels, len(MOTIONS))
    images, _ = _images()
    shown = images[[random.choice(_choices(split)[group]) for group in groups]]
    centre = _paths(random, motions, length) * size
    scale = _uniform(random, 0.55, 0.67, len(labels)) * size / 8  # of one pixel of the digit, on the frame
    rows, columns = (_triangles(centre[..., axis], scale, size) for axis in range(2))
    digit = (rows.reshape(len(labels), -1, 8) @ shown).reshape(rows.shape) @ columns.swapaxes(-1, -2)
    # in place: to find room for each sum takes longer than the sum
    canvas = np.multiply(digit, _uniform(random, 110, 170, len(labels)), out=digit)
    canvas += _background(random, len(labels), size)[:, None]
    _occlude(random, canvas)
    canvas += random.integers(-NOISE, NOISE + 1, canvas.shape, np.int8)
    return np.clip(canvas, 0, 255, out=canvas).astype(np.uint8)


def _paths(random: np.random.Generator, motions: Numbers, length: int) -> Values:
    """Where the digit's centre is, (number, time, 2), as fractions of the frame."""
    number = len(motions)
    period = random.uniform(14, 24, (number, 1))
    angle = 2 * np.pi * (np.arange(length) / period + random.uniform(0, 1, (number, 1)))
    reach = random.uniform(0.13, 0.18, (number, 1))
    heading = random.uniform(0, 2 * np.pi, (number, 1))
    # a triangle wave: across at constant speed, and back
    ahead = 0.22 * (1 - np.abs(np.arange(length) % (2 * CROSSING) / (0.5 * CROSSING) - 2))
    along = np.where(motions[:, None] == 0, ahead, reach * np.cos(angle))
    turn = np.where(motions == 2, 1.0, np.where(motions == 3, -1.0, 0.0))[:, None]
    across = turn * reach * np.sin(angle)
    y = along * np.sin(heading) + across * np.cos(heading)
    x = along * np.cos(heading) - across * np.sin(heading)
    middle = random.uniform(0.42, 0.58, (number, 1, 2))
    return (np.stack([y, x], axis=-1) + middle).astype(np.float32)


def _triangles(centre: Values, scale: Values, size: int) -> Values:
    """Weights (number, time, size, 8) that draw the 8 rows of a digit about its centre, linear in between."""
    place = (np.arange(size, dtype=np.float32) - centre[..., None])[..., None] / scale + 3.5
    return _linear(place - np.arange(8, dtype=np.float32))


def _uniform(random: np.random.Generator, low: float, high: float, number: int) -> Values:
    """A value for each video, shaped (number, 1, 1, 1)."""
    return random.uniform(low, high, (number, 1, 1, 1)).astype(np.float32)


def _background(random: np.random.Generator, number: int, size: int) -> Values:
    """Smooth grey hills (number, size, size) that stand still."""
    hills = random.uniform(20, 60, (number, 4, 4)).astype(np.float32)
    place = np.linspace(0, 3, size, dtype=np.float32)[:, None] - np.arange(4, dtype=np.float32)
    weights = _linear(place)
    return np.asarray(weights @ hills @ weights.T, np.float32)


def _linear(distance: Values) -> Values:
    """The weight of a neighbour in linear interpolation."""
    weight = np.abs(distance)
    np.subtract(1, weight, out=weight)
    return np.maximum(weight, np.float32(0), out=weight)


def _occlude(random: np.random.Generator, canvas: Values) -> None:
    """Draws one upright and one lying bar over each video, that stand still."""
    number, _, size, _ = canvas.shape
    for axis in (3, 2):
        first = random.integers(0, size, (number, 1))
        wide = random.integers(2, 5, (number, 1))
        grey = _uniform(random, 20, 90, number)
        along = canvas.swapaxes(1, axis)  # the bar's columns, or its rows, come first
        for video, (start, count) in enumerate(zip(first[:, 0], wide[:, 0], strict=True)):
            along[video, start : start + count] = grey[video]
