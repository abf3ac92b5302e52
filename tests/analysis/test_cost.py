"""The figures of a network at once: layers and totals that agree, seconds, bytes, and what is refused."""

import pytest

import costmodel
from costmodel import analyze, continual
from costmodel.errors import OptionError


@pytest.fixture(scope="module")
def cox3d_m() -> costmodel.Analysis:
    return analyze(continual(costmodel.load("x3d_m")))


def test_layers_sum_to_the_totals(cox3d_m: costmodel.Analysis):
    for analysis in (cox3d_m, analyze(costmodel.load("x3d_m"))):
        rows = analysis.rows
        assert sum(row["macs"] for row in rows) == analysis.totals["macs_per_frame"]
        assert sum(row["params"] for row in rows) == analysis.totals["params"]
        assert sum(row["state_floats"] for row in rows) == analysis.totals["state_floats"]


def test_operations_by_kind_hold_the_multiply_adds(cox3d_m: costmodel.Analysis):
    operations = cox3d_m.operations
    assert operations["mac.conv"] == 296_706_576
    assert operations["mac.linear"] == 819_200
    assert operations["norm"] * 2 == 10_386_432
    assert operations["activation.relu"] == 3_509_144


def test_seconds_are_those_of_the_camera():
    stream = continual(costmodel.load("x3d_m"))
    totals = analyze(stream, fps=30).totals
    assert round(totals["delay_seconds"], 2) == 7.17  # 43 model frames, every 5th of the camera
    assert totals["receptive_field_seconds"] == 72 * 5 / 30
    assert totals["macs_per_second"] == 297_525_776 * 30 / 5


@pytest.mark.parametrize(("dtype", "size"), [("fp32", 4), ("fp16", 2), ("int8", 1)])
def test_bytes_follow_the_dtype(dtype: str, size: int):
    totals = analyze(continual(costmodel.load("x3d_m")), dtype=dtype).totals
    assert totals["weight_bytes"] == 3_794_322 * size
    assert totals["state_bytes"] == 5_279_664 * size
    assert totals["activation_bytes"] == totals["peak_activation_floats"] * size


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
def test_impossible_cameras_are_refused(fps: float):
    with pytest.raises(OptionError, match=r"--fps: .*, expected frames a second, above zero"):
        analyze(costmodel.load("x3d_xs"), fps=fps)


def test_an_unknown_dtype_is_named():
    with pytest.raises(OptionError, match=r"--dtype: unknown 'fp61' .did you mean 'fp16'"):
        analyze(costmodel.load("x3d_xs"), dtype="fp61")


def test_layers_are_a_data_frame():
    layers = analyze(continual(costmodel.load("x3d_s"))).layers
    assert layers.loc[layers.name == "pool5", "state_floats"].item() == 12 * 432
    assert layers.macs.sum() == 152_711_312


@pytest.mark.parametrize(
    ("variant", "every"), [("X2D", 1), ("XS", 12), ("S", 6), ("M", 5), ("L", 5), ("XL", 5), ("M-test", 5)]
)
def test_every_variant_has_its_camera_frames_per_model_frame(variant: str, every: int):
    assert costmodel.load("x3d", variant=variant).every == every
