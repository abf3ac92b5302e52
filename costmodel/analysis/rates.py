"""How long a frame is: what the camera gives, what the network takes of it, and which figures are times."""

from __future__ import annotations

from fractions import Fraction

from costmodel.errors import OptionError
from costmodel.graph import Graph
from costmodel.numbers import Number, divide, floor, plus, times, where
from costmodel.types import FASTEST

TIMES = ("receptive_field", "padding", "delay", "lookahead", "added_wait", "transient", "warmup")
IN_SECONDS = {name: f"{name}_seconds" for name in TIMES}
NEEDS_RATE = (*IN_SECONDS.values(), "macs_per_second")
NOTED = Fraction(1, 10)  # a model's own rate that differs by no more goes without saying


def checked_rate(fps: float | Fraction, option: str = "--fps") -> Fraction:
    """A rate as it was written, exactly: 29.97 is 2997/100.

    Raises:
        OptionError: it is not above zero, or faster than any camera.
    """
    # Written so that nan is refused as well: no comparison with it holds.
    if not 0 < fps < FASTEST:
        raise OptionError(f"{option}: {fps}, expected frames a second, above zero")
    return fps if isinstance(fps, Fraction) else Fraction(str(fps))


def every_at(every: Number, trained: Number, fps: Fraction) -> Number:
    """Camera frames for each model frame at another rate of the camera: at least one, a half rounded up.

    Args:
        every: at the rate that the network was trained at.
        trained: that rate.
        fps: the rate of the camera.
    """
    taken = floor(plus(divide(times(every, fps), trained), Fraction(1, 2)))
    # no maximum: a symbolic size is taken to be one or more, and this one need not be
    return where(taken < 1, 1, taken)


def taken_every(graph: Graph, fps: Fraction | None) -> Number:
    """Camera frames for each frame of a network, at the camera's rate or that of its training."""
    return graph.every if fps is None else every_at(graph.every, graph.fps, fps)


def frame_seconds(every: Number, trained: Number, fps: Fraction) -> Number:
    """Seconds from one model frame to the next."""
    return divide(every_at(every, trained, fps), fps)


def rate_note(graph: Graph, fps: Fraction | None) -> str:
    """What a reader must know where a network gets frames at another rate than it was trained at."""
    every, trained = _plain(graph.every), _plain(graph.fps)
    if fps is None or every is None or trained is None:
        return ""
    taken = int(every_at(every, trained, fps))
    own, asked = fps / taken, trained / every
    if abs(own / asked - 1) <= NOTED:
        return ""
    return (
        f"at {_decimal(fps)} fps every {_ordinal(taken)} frame is taken, {_decimal(own)} a second; "
        f"the network was trained on {_decimal(asked)} a second"
    )


def time_text(frames: Number, every: Number, trained: Number, fps: float | Fraction | None) -> str:
    """A time in model frames as camera frames and seconds, at the camera's rate or that of the training.

    Empty where it is unbounded, or one of many.
    """
    found = _camera(frames, every, trained, fps)
    if found is None:
        return ""
    camera, rate = found
    return f"{_decimal(camera)} camera frames, {_decimal(camera / rate)} s at {_decimal(rate)} fps"


def brief_time(frames: Number, every: Number, trained: Number, fps: float | Fraction | None) -> str:
    """A time in model frames, camera frames and seconds, of few letters: `43 / 215 / 7.167`."""
    found = _camera(frames, every, trained, fps)
    if found is None:
        return ""
    camera, rate = found
    return " / ".join(_decimal(each) for each in (Fraction(frames), camera, camera / rate))  # type: ignore[arg-type]


def _camera(
    frames: Number, every: Number, trained: Number, fps: float | Fraction | None
) -> tuple[Fraction, Fraction] | None:
    """A time in model frames as camera frames, and the camera's rate."""
    own, step, usual = _plain(frames), _plain(every), _plain(trained)
    if own is None or step is None or usual is None:
        return None
    rate = usual if fps is None else checked_rate(fps)
    return own * int(every_at(step, usual, rate)), rate


def _plain(value: Number | None) -> Fraction | None:
    """A number as a fraction; None where it is none, or stands for many."""
    return Fraction(value) if isinstance(value, int | Fraction) else None


def _ordinal(number: int) -> str:
    return {1: "single", 2: "second", 3: "third"}.get(number, f"{number}th")


def _decimal(value: Fraction) -> str:
    return f"{float(value):.4g}"
