"""X3D and CoX3D cost to the digit what their authors' code costs."""

import fnmatch

import pytest

import costmodel
from costmodel import analyze, continual

# MACs of a clip and weights of convolutions and linear layers: worked out from the released code
CLIPS = [
    ("X2D", 20_662_304, 1_624_136),
    ("XS", 605_256_512, 3_758_738),
    ("S", 1_962_892_112, 3_758_738),
    ("M", 4_732_468_736, 3_758_738),
    ("L", 18_367_710_176, 6_079_226),
    ("XL", 35_837_627_616, 10_989_080),
    ("XXL", 143_541_630_016, 20_257_622),
    ("M-test", 6_180_613_376, 3_758_738),
    ("L-test", 24_764_017_280, 6_079_226),
    ("XL-test", 48_406_849_600, 10_989_080),
    ("XXL-test", 194_056_494_720, 20_257_622),
    ("S-no-SE", 1_962_733_136, 3_599_762),
    ("XL-no-SE", 35_837_004_096, 10_365_560),
    ("S-no-swish", 1_962_892_112, 3_758_738),
    ("S-no-CW-thin", 1_948_855_119, 3_158_934),
    ("S-no-CW", 17_604_154_112, 22_142_012),
    ("XL-no-CW-thin", 34_803_309_232, 9_730_013),
    ("XL-no-CW", 365_415_478_560, 95_114_312),
]


# variant, pool: MACs a frame, receptive field, padding, delay  (Hedegaard 2022, Tables 1 to 3)
STREAMS = [
    ("S", None, 152_711_312, 69, 28, 40),
    ("S", 16, 152_711_312, 72, 28, 43),
    ("S", 32, 152_711_312, 88, 28, 59),
    ("S", 64, 152_711_312, 120, 28, 91),
    ("S", 96, 152_711_312, 152, 28, 123),
    ("M", None, 297_525_776, 72, 28, 43),
    ("M", 16, 297_525_776, 72, 28, 43),
    ("M", 32, 297_525_776, 88, 28, 59),
    ("M", 64, 297_525_776, 120, 28, 91),
    ("M", 96, 297_525_776, 152, 28, 123),
    ("L", None, 1_149_881_456, 130, 57, 72),
    ("L", 16, 1_149_881_456, 130, 57, 72),
    ("L", 32, 1_149_881_456, 146, 57, 88),
    ("L", 64, 1_149_881_456, 178, 57, 120),
    ("L", 96, 1_149_881_456, 210, 57, 152),
]


# The rows of Table 4 of Hedegaard 2022 with the layers that they are about; res5's labels are too short there
N24 = 24 * 112**2


TABLE_4 = [
    ("conv1_t", (5 - 1) * N24),
    ("res2.0.add.delay", N24),
    ("res2.[12].add.delay", 2 * 24 * 56**2),
    ("res2.*.b", 2 * 54 * 56**2 * 3),  # printed with (3 - 1 - 1): the slip
    ("res3.0.add.delay", 24 * 56**2),
    ("res3.[1-4].add.delay", 4 * 48 * 28**2),
    ("res3.*.b", 2 * 108 * 28**2 * 5),
    ("res4.0.add.delay", 48 * 28**2),
    ("res4.[1-9].add.delay", 9 * 96 * 14**2),
    ("res4.10.add.delay", 96 * 14**2),
    ("res4.*.b", 2 * 216 * 14**2 * 11),
    ("res5.0.add.delay", 96 * 14**2),
    ("res5.[1-6].add.delay", 6 * 192 * 7**2),
    ("res5.*.b", 2 * 432 * 7**2 * 7),
    ("pool5", 15 * 432),
]


@pytest.mark.parametrize(("variant", "macs", "weights"), CLIPS)
def test_a_clip_costs_what_the_released_code_costs(variant: str, macs: int, weights: int):
    totals = analyze(costmodel.load("x3d", variant=variant)).totals
    assert (totals["macs_per_clip"], totals["weights"]) == (macs, weights)


@pytest.mark.parametrize(("variant", "pool", "macs", "field", "padding", "delay"), STREAMS)
def test_a_stream_has_the_papers_figures(
    variant: str, pool: int | None, macs: int, field: int, padding: int, delay: int
):
    totals = analyze(continual(costmodel.load("x3d", variant=variant), pool=pool)).totals
    names = (
        "macs_per_frame",
        "macs_worst_step",
        "receptive_field",
        "padding",
        "delay",
        "transient",
        "warmup",
    )
    assert [totals[name] for name in names] == [macs, macs, field, padding, delay, delay, field - 1]


def test_the_parameters_depend_on_the_norm_of_the_equal_shortcut():
    assert analyze(costmodel.load("x3d_m")).totals["params"] == 3_794_322
    assert analyze(costmodel.load("x3d_m", norm_same_width=False)).totals["params"] == 3_794_274


@pytest.fixture(scope="module")
def cox3d_m() -> costmodel.Analysis:
    return analyze(continual(costmodel.load("x3d_m")))


@pytest.mark.parametrize(("layers", "floats"), TABLE_4)
def test_each_row_of_table_4_comes_out(cox3d_m: costmodel.Analysis, layers: str, floats: int):
    found = [row for row in cox3d_m.rows if fnmatch.fnmatch(row["name"].replace("main.", ""), f"{layers}*")]
    assert sum(row["state_floats"] for row in found) == floats


def test_the_state_is_table_4_without_its_slip(cox3d_m: costmodel.Analysis):
    assert cox3d_m.totals["state_floats"] == sum(floats for _, floats in TABLE_4) == 5_279_664
    slip = 54 * 56**2 * 3  # the paper counts res2's open sums with k - p - 1 = 1, all others with k - 1 = 2
    assert cox3d_m.totals["state_floats"] - slip == 4_771_632


def test_the_worst_case_is_state_or_clip_and_the_largest_map(cox3d_m: costmodel.Analysis):
    totals, clip = cox3d_m.totals, analyze(costmodel.load("x3d_m")).totals
    assert totals["largest_activation_floats"] == 54 * 112**2
    assert totals["worst_case_floats"] == 5_279_664 + 54 * 112**2
    assert totals["clip_buffer_floats"] == 0
    assert clip["clip_buffer_floats"] == 3 * 224**2 * 15
    assert clip["worst_case_floats"] == 3 * 224**2 * 15 + 54 * 16 * 112**2
    assert clip["state_floats"] == 0
