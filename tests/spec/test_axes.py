"""The `axes` of a spec: what they say, and what is refused with its place."""

import re
from fractions import Fraction

import pytest

from costmodel.errors import SpecError
from costmodel.network import Network
from costmodel.spec import document, elaborate, from_text
from costmodel.spec.axes import ADDED, axes_of, choices_of, declares_none
from costmodel.spec.document import shipped_names
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

KINDS = {
    "width": r"width|wide|gamma_w|channels",
    "depth": r"depth|blocks|gamma_d|layers",
    "kernel in time": r"\w*_time|longer",
}
WITHOUT = {
    "width": (),
    "depth": ("i3d_inception", "s3d", "squeezenet_3d"),
    "kernel in time": ("cnn_lstm", "digits", "resnet_2d", "tsm"),
}


def test_x3d_declares_its_six_axes_and_a_kernel_without_a_grid():
    *axes, kernel = axes_of(document("x3d"))
    assert (kernel.moves, kernel.grid) == ("kernel_time", ())
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
        (
            "{moves: frames, bounds: [1, 9], grid: [4, 16]}",
            "axes.Time.grid[1]: the number 16, outside the bounds",
        ),
        ("[1, 2]", "axes.Time: a list, expected an axis with [moves"),
    ],
)
def test_a_wrong_axis_is_refused_with_its_place(axis: str, message: str):
    with pytest.raises(SpecError) as error:
        elaborate(from_text(SPEC.format(axis=axis)))
    assert f": {message}" in str(error.value)


@pytest.mark.parametrize("spec", shipped_names())
def test_every_shipped_spec_says_what_a_search_may_change(spec: str):
    shipped = document(spec)
    moved = {axis.moves for axis in axes_of(shipped)}
    assert not declares_none(shipped)
    assert {"frames", "crop"} <= moved
    for what, names in KINDS.items():
        # either an axis, or a remark beside the axes that says why there is none
        assert any(re.match(names, each) for each in moved) != (spec in WITHOUT[what]), what
    settings = shipped.settings(None, {})
    for axis in axes_of(shipped):
        low, high = axis.bounds
        assert all(low <= value <= high for value in axis.grid)
        assert low <= settings[axis.moves] <= high
    assert any(axis.grid for axis in axes_of(shipped))


def test_a_spec_without_axes_has_those_of_its_input():
    text = SPEC.replace("axes:\n  Time: {axis}\n", "").format()
    axis, crop = axes_of(from_text(text))
    assert declares_none(from_text(text))
    assert crop.moves == "crop"
    assert (axis.name, axis.moves, axis.grid) == ("Frames", "frames", (1, 2, 3, 4, 6, 8))


def test_values_alone_are_axes_of_transforms():
    text = SPEC.format(
        axis="{moves: frames, bounds: [1, 9]}\n  form: [continual, clip]\n  continual.pool: [2, 4]"
    )
    spec = from_text(text)
    elaborate(spec)
    assert [axis.name for axis in axes_of(spec)] == ["Time"]
    assert choices_of(spec) == {"form": ("continual", "clip"), "continual.pool": ("2", "4")}


def test_a_spec_that_gives_its_input_in_numbers_moves_its_frames_and_its_crop():
    flat = "input: {channels: 3, time: 4, height: 8, width: 8}\nnetwork: [conv: {channels: 2, kernel: 3}]"
    assert [(axis.name, axis.moves) for axis in axes_of(from_text(flat))] == [
        ("Frames", "frames"),
        ("Crop", "crop"),
    ]
    moved = elaborate(from_text(flat), sets={"frames": 2, "crop": 6}).source
    assert (moved.time, moved.height, moved.width) == (2, 6, 6)
    assert Network(from_text(flat)).with_input_sizes().identity == Network(from_text(flat)).identity


def test_a_map_that_is_no_square_has_no_crop_and_a_name_that_is_taken_means_what_it_did():
    wide = "input: {channels: 3, time: 4, height: 8, width: 9}\nnetwork: [global_pool]"
    assert [axis.moves for axis in axes_of(from_text(wide))] == ["frames"]
    taken = "input: {channels: 3, time: 4, height: 8, width: 8}\nlet: {crop: 3}\nnetwork: [global_pool]"
    assert [axis.moves for axis in axes_of(from_text(taken))] == ["frames"]
    with pytest.raises(SpecError, match=r"--set crops: spec has no such size \(did you mean 'crop'\?\)"):
        elaborate(from_text(wide.replace("9", "8")), sets={"crops": 3})
