"""The `axes` of a spec: what they say, and what is refused with its place."""

from fractions import Fraction

import pytest

from costmodel.errors import SpecError
from costmodel.spec import document, elaborate, from_text
from costmodel.spec.axes import ADDED, axes_of
from costmodel.transforms import TRANSFORMS

SPEC = """
input: {{channels: 3, time: frames, height: 8, width: 8}}
structure: {{deep: true}}
sizes: {{frames: 4, every: 6}}
axes:
  Time: {axis}
network:
  - global_pool
"""


def test_x3d_declares_its_six_axes():
    axes = axes_of(document("x3d"))
    assert [axis.name for axis in axes] == [
        "X-Fast", "X-Temporal", "X-Spatial", "X-Depth", "X-Width", "X-Bottleneck",
    ]  # fmt: skip
    assert [float(axis.factor) for axis in axes] == [2, 2, 1.41421356, 2.2, 2, 2.25]


def test_the_sizes_that_follow_move_with_the_first():
    spec = from_text(SPEC.format(axis='{moves: frames, with: {every: "every / factor"}, bounds: [1, 9]}'))
    (axis,) = axes_of(spec)
    settings = spec.settings(None, {})
    assert axis.moved(settings, 8) == {"deep": True, "frames": 8, "every": 3}
    assert axis.moved(settings, 6)["every"] == 4
    assert axis.factor == Fraction(2)


def test_an_axis_may_move_a_size_that_a_transform_adds():
    assert ADDED["pool"] == TRANSFORMS["continual"].word
    spec = from_text(SPEC.format(axis="{moves: pool, with: {every: pool}, bounds: [1, 9]}"))
    assert elaborate(spec).nodes
    assert [axis.moves for axis in axes_of(spec)] == ["pool"]


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        ("{bounds: [1, 2]}", "axes.Time: moves is missing; an axis takes [moves, with, factor"),
        ("{moves: frames}", "axes.Time: bounds is missing"),
        ("{moves: frame, bounds: [1, 2]}", "axes.Time.moves: unknown size 'frame' (did you mean 'frames'?)"),
        ("{moves: deep, bounds: [1, 2]}", "axes.Time.moves: deep is true or false; an axis moves a number"),
        ("{moves: frames, bounds: [3, 2]}", "axes.Time.bounds: expected two numbers above zero"),
        ("{moves: frames, bounds: [0.5, 2]}", "axes.Time.bounds: expected a list of whole numbers"),
        (
            "{moves: frames, bounds: [1, 2], factor: 1}",
            "axes.Time.factor: the number 1, expected a number above 1",
        ),
        ("{moves: frames, bounds: [1, 2], step: 1}", "axes.Time.step: unknown key (known: bounds"),
        (
            "{moves: frames, bounds: [1, 2], integer: 3}",
            "axes.Time.integer: the number 3, expected true or false",
        ),
        ("{moves: frames, bounds: [1, 2], with: {every: rate}}", "axes.Time.with.every: unknown name 'rate'"),
        ("[1, 2]", "axes.Time: a list, expected an axis with [moves"),
    ],
)
def test_a_wrong_axis_is_refused_with_its_place(axis: str, message: str):
    with pytest.raises(SpecError) as error:
        elaborate(from_text(SPEC.format(axis=axis)))
    assert f": {message}" in str(error.value)
