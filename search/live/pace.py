"""From the frames of a recording to those of a network: one at each tick of its own rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from search.live.sources import Timed
from search.video.decode import Pixels


def at_rate(frames: Iterable[Timed], rate: Fraction) -> Iterator[Timed]:
    """The frame nearest to each tick, the earlier one of two equally near, as clips are trained on.

    Args:
        frames: with their seconds, ascending.
        rate: ticks a second.
    """
    tick = 0
    before: Timed | None = None
    lasts = Fraction(0)
    for seconds, frame in frames:
        while Fraction(tick) / rate <= seconds:
            yield Fraction(tick) / rate, _nearer(Fraction(tick) / rate, before, (seconds, frame))
            tick += 1
        lasts = seconds - before[0] if before is not None else lasts
        before = (seconds, frame)
    # the last frame stands as long as the one before it did
    while before is not None and Fraction(tick) / rate < before[0] + lasts:
        yield Fraction(tick) / rate, before[1]
        tick += 1


def _nearer(at: Fraction, before: Timed | None, after: Timed) -> Pixels:
    if before is None or after[0] - at < at - before[0]:
        return after[1]
    return before[1]


def as_they_come(frames: Iterable[Timed], rate: Fraction) -> Iterator[Timed]:
    """Of a camera's frames the first one at or behind each tick: to wait for a nearer one would cost time."""
    due = Fraction(0)
    for seconds, frame in frames:
        if seconds >= due:
            yield seconds, frame
            # the next tick behind this frame: those in between have passed without one
            due = Fraction(int(seconds * rate) + 1) / rate
