"""From the frames of a recording to those of a network: one at each tick of its own rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import floor
from typing import TypeVar

Frame = TypeVar("Frame")


def at_rate(frames: Iterable[tuple[Fraction, Frame]], rate: Fraction) -> Iterator[tuple[Fraction, Frame]]:
    """The frame nearest to each tick, the earlier one of two equally near, as clips are trained on.

    Args:
        frames: with their seconds, ascending.
        rate: ticks a second.
    """
    tick, due = 0, Fraction(0)
    before: tuple[Fraction, Frame] | None = None
    lasts = Fraction(0)
    for seconds, frame in frames:
        while due <= seconds:
            yield due, _nearer(due, before, (seconds, frame))
            tick += 1
            due = tick / rate
        lasts = seconds - before[0] if before is not None else lasts
        before = (seconds, frame)
    # the last frame stands as long as the one before it did
    while before is not None and due < before[0] + lasts:
        yield due, before[1]
        tick += 1
        due = tick / rate


def _nearer(at: Fraction, before: tuple[Fraction, Frame] | None, after: tuple[Fraction, Frame]) -> Frame:
    if before is None or after[0] - at < at - before[0]:
        return after[1]
    return before[1]


def as_they_come(
    frames: Iterable[tuple[Fraction, Frame]], rate: Fraction
) -> Iterator[tuple[Fraction, Frame]]:
    """Of a camera's frames one for each tick, as it comes: to wait for a nearer one would cost time.

    It is the first one behind the tick, or ahead of it by less than half of the time between two frames: a
    camera at the network's own rate is never quite even.
    """
    due, before = Fraction(0), Fraction(0)
    for seconds, frame in frames:
        reached = seconds + min(seconds - before, 1 / rate) / 2
        before = seconds
        if seconds >= due or reached > due:
            yield seconds, frame
            # the next tick behind this frame: those in between have passed without one
            due = Fraction(floor(reached * rate) + 1) / rate
