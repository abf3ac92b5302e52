from fractions import Fraction

import numpy as np
import pytest

from search.live.pace import as_they_come, at_rate
from search.live.sources import Timed


def numbered(*seconds: Fraction | float) -> list[Timed]:
    return [(Fraction(at), np.full((1, 1, 3), number, np.uint8)) for number, at in enumerate(seconds)]


def shown(frames) -> list[int]:
    return [int(frame[0, 0, 0]) for _, frame in frames]


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(30, [0, 1, 2, 3, 4, 5]), (15, [0, 2, 4]), (10, [0, 3]), (60, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])],
)
def test_each_tick_shows_the_nearest_frame(rate: int, expected: list[int]):
    frames = numbered(*(Fraction(number, 30) for number in range(6)))
    assert shown(at_rate(frames, Fraction(rate))) == expected


def test_a_frame_that_lasts_is_shown_as_long():
    assert shown(at_rate(numbered(0, 0.1, 0.5, 0.6), Fraction(10))) == [0, 1, 1, 1, 2, 2, 3]


def test_one_frame_is_one_tick():
    assert shown(at_rate(numbered(0), Fraction(10))) == [0]


def test_of_a_camera_the_first_frame_behind_each_tick_is_taken():
    frames = numbered(0, 0.03, 0.07, 0.11, 0.14, 0.45, 0.46)
    assert shown(as_they_come(frames, Fraction(10))) == [0, 3, 5]


@pytest.mark.parametrize("every", [1, 2, 3, 4])
def test_of_a_camera_that_is_not_quite_even_no_tick_goes_without(every: int):
    # whole microseconds, and off by up to a sixth of a frame
    uneven = (0, -0.005, 0.004, 0.001, -0.003, 0.005, -0.001)
    times = [round(at / 30 + uneven[at % 7] * (at > 0), 6) for at in range(240)]
    found = shown(as_they_come(numbered(*times), Fraction(30, every)))
    assert found == list(range(0, 240, every))
