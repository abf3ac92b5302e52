"""Layers that random networks draw: those that treat every frame alone."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from costmodel.ops import BatchNorm, Dropout, Identity, Op, Prelu
from costmodel.ops.pointwise import ELEMENTWISE
from costmodel.types import TensorType

Draw = Callable[[Random, TensorType], Op]

# The same number of draws for each, so that a family of many rows does not crowd out the others.
ON_VALUES: tuple[Draw, ...] = (
    *(lambda random, x: BatchNorm() for _ in range(2)),
    *(lambda random, x: random.choice(tuple(ELEMENTWISE.values()))() for _ in range(3)),
    lambda random, x: Prelu(random.random() < 0.5),
    lambda random, x: random.choice((Dropout(), Identity())),
)


def on_values(random: Random, x: TensorType) -> Op:
    """A layer that keeps the shape of its input and treats each frame alone."""
    return random.choice(ON_VALUES)(random, x)
