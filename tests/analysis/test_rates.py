"""Rates: how many camera frames make a model frame, and how long one is."""

from fractions import Fraction

import pytest

import costmodel
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.analysis.rates import every_at, frame_seconds, rate_note, time_text
from costmodel.errors import SpecError


@pytest.mark.parametrize(
    ("every", "fps", "taken"), [(5, 30, 5), (5, 10, 2), (5, 60, 10), (5, 1, 1), (12, 15, 6), (1, 45, 2)]
)
def test_every_follows_the_rate_of_the_camera(every: int, fps: int, taken: int):
    assert every_at(every, 30, Fraction(fps)) == taken
    assert frame_seconds(every, 30, Fraction(fps)) == Fraction(taken, fps)


@pytest.mark.parametrize("fps", [30, 60, 25])  # at 25 fps 6.25 frames a second for 6
def test_a_rate_near_that_of_the_training_goes_without_saying(fps: int):
    assert rate_note(costmodel.load("x3d_m"), Fraction(fps)) == ""


def test_a_note_tells_a_rate_more_than_a_tenth_off():
    assert rate_note(costmodel.load("x3d_m"), Fraction(10)) == (
        "at 10 fps every second frame is taken, 5 a second; the network was trained on 6 a second"
    )


def test_a_spec_says_at_which_rate_it_was_trained(tmp_path):
    spec = tmp_path / "own.yaml"
    spec.write_text(
        "input: {channels: 3, time: 8, height: 8, width: 8, every: 2, fps: 15}\nnetwork: [global_pool]"
    )
    figures = Figures(costmodel.load(str(spec)), fps=30)
    assert figures.frame_seconds == Fraction(4, 30)
    assert evaluate(figures, "receptive_field_seconds") == Fraction(32, 30)


@pytest.mark.parametrize("fps", ["0", "true", "fast", "{a: 1}"])
def test_a_rate_that_is_none_is_refused_with_its_place(tmp_path, fps: str):
    spec = tmp_path / "own.yaml"
    spec.write_text(f"input: {{channels: 3, time: 8, height: 8, width: 8, fps: {fps}}}\nnetwork: [relu]")
    with pytest.raises(SpecError, match=r"input\.fps: .*expected camera frames a second, above zero"):
        costmodel.load(str(spec))


def test_a_time_is_told_in_camera_frames_and_seconds():
    assert time_text(43, 5, 30, None) == "215 camera frames, 7.167 s at 30 fps"
    assert time_text(float("inf"), 5, 30, 10) == ""
