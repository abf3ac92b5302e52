"""Every network of the papers has the parameters and multiply-adds of its authors' code, to the unit."""

from math import inf
from typing import Any

import pytest

from costmodel import continual, load
from costmodel.analysis.cost import analyze
from costmodel.errors import TransformError

STREAM = ("macs_per_frame", "macs_worst_step", "receptive_field", "padding", "delay", "warmup")

# (spec, variant, sizes), parameters, multiply-adds of a clip
CLIPS: list[tuple[str, str | None, dict[str, Any], int | None, int | None]] = [
    # Hedegaard 2022, Table 1
    ("i3d_r50", None, {}, 28_043_472, 28_407_660_544),
    ("slow_r50", None, {}, 32_454_096, 54_518_382_592),
    ("slowfast", "8x8-R50", {}, 34_566_488, 65_708_888_064),
    ("slowfast", "4x16-R50", {}, 34_480_216, 36_099_198_976),
    ("slowfast", "8x8-R50", {"frames": 8}, 34_566_488, 16_427_913_216),
    ("slowfast", "4x16-R50", {"frames": 16}, 34_480_216, 18_050_060_288),
    # Fayyaz 2021, Tables 4, 7, 9 and 10
    ("i3d_r50", None, {"frames": 32, "crop": 256, "classes": 200}, 27_633_672, 148_411_662_336),
    ("c2d", None, {"frames": 32, "crop": 256, "classes": 200}, 23_917_832, 101_838_110_720),
    ("c2d", "C2D-R18", {"frames": 32}, None, 46_525_612_032),
    ("c2d", "C2D-R18", {"frames": 64}, None, 93_050_404_864),
    ("slowfast", "8x8-R18", {"classes": 194}, 20_113_514, 30_937_764_352),
    ("slowfast", "8x8-R18", {"classes": 194, "frames": 64}, 20_113_514, 61_875_081_728),
    ("slowfast", "8x8-R18", {"classes": 194, "crop": 256}, 20_113_514, 40_408_371_712),
    ("slowfast", "8x8-R50", {"classes": 194}, 34_091_658, 65_708_413_440),
    ("slowfast", "8x8-R50", {"classes": 174, "frames": 64}, 34_045_558, 131_416_333_824),
    ("atfr_resnet", "ATFR-R18", {}, 4_418_570, 18_063_558_656),
    ("atfr_resnet", "ATFR-R18", {"frames": 64}, 4_418_570, 36_126_918_656),
    ("atfr_resnet", "ATFR-R18", {"crop": 256}, 4_418_570, 23_593_158_656),
    ("atfr_resnet", "ATFR-R50", {}, 7_322_794, 40_848_525_312),
    ("atfr_resnet", "ATFR-R50", {"crop": 224}, 7_322_794, 31_274_698_752),
    # Hedegaard 2022, Table 1: R(2+1)D-18
    ("r2plus1d", "R2plus1D-18-8", {}, 31_505_325, 20_259_642_880),
    ("r2plus1d", "R2plus1D-18-16", {}, 31_505_325, 40_519_080_960),
    # Kopuklu 2019, Table 8
    ("resnet_3d", "18-A", {}, 33_337_880, 8_296_378_368),
    ("resnet_3d", "18-B", {}, 33_511_704, 8_308_109_312),
    ("resnet_3d", "50-A", {}, 44_651_800, 9_779_265_536),
    ("resnet_3d", "50-B", {}, 47_428_376, 10_069_721_088),
    ("resnet_3d", "101-A", {}, 83_697_944, 13_600_669_696),
    ("resnet_3d", "101-B", {}, 86_474_520, 13_891_125_248),
    ("resnext_3d", "ResNeXt-101-A", {}, 45_974_040, 9_277_669_376),
    ("resnext_3d", "ResNeXt-101-B", {}, 48_750_616, 9_568_124_928),
    ("squeezenet_3d", None, {}, 2_145_560, 902_606_848),
    ("mobilenet_v1_3d", None, {"width": 0.5}, 1_171_896, 94_020_224),
    ("mobilenet_v1_3d", None, {"width": 1.0}, 3_912_984, 233_030_912),
    ("mobilenet_v1_3d", None, {"width": 1.5}, 8_223_864, 417_032_064),
    ("mobilenet_v1_3d", None, {"width": 2.0}, 14_104_536, 646_023_680),
    ("mobilenet_v2_3d", None, {"width": 0.2}, 964_110, 54_903_164),
    ("mobilenet_v2_3d", None, {"width": 0.45}, 1_399_834, 157_963_292),
    ("mobilenet_v2_3d", None, {"width": 0.7}, 2_049_942, 295_696_572),
    ("mobilenet_v2_3d", None, {"width": 1.0}, 3_122_648, 519_047_808),
    ("shufflenet_v1_3d", None, {"width": 0.5}, 545_772, 71_960_832),
    ("shufflenet_v1_3d", None, {"width": 1.0}, 1_521_504, 187_711_104),
    ("shufflenet_v1_3d", None, {"width": 1.5}, 2_924_916, 329_187_456),
    ("shufflenet_v1_3d", None, {"width": 2.0}, 4_758_888, 514_453_248),
    ("shufflenet_v2_3d", "0.25x", {}, 829_656, 110_465_344),
    ("shufflenet_v2_3d", "1.0x", {}, 1_914_180, 186_537_592),
    ("shufflenet_v2_3d", "1.5x", {}, 3_161_880, 280_860_832),
    ("shufflenet_v2_3d", "2.0x", {}, 6_639_816, 424_908_640),
    ("shufflenet_v2_3d", "0.5x", {}, 976_664, None),
    ("i3d_inception", None, {}, 12_697_264, 111_153_143_808),
    ("i3d_inception", None, {"classes": 600}, 12_902_264, 111_154_577_408),
    # torchvision
    ("resnet_2d", "R18", {}, 11_689_512, 1_814_073_344),
    ("resnet_2d", "R50", {}, 25_557_032, 4_089_184_256),
]

# (spec, variant, sizes, pool), the figures named in STREAM; Hedegaard 2022, and its authors' code
STREAMS: list[tuple[str, str | None, dict[str, Any], int | None, tuple[int, ...]]] = [
    ("i3d_r50", None, {}, None, (3_551_264_768, 5_613_305_856, 42, 17, 24, 41)),
    ("i3d_r50", None, {}, 64, (3_551_264_768, 5_613_305_856, 98, 17, 80, 97)),
    ("slow_r50", None, {}, None, (6_815_514_624, 6_815_514_624, 26, 9, 16, 25)),
    ("slow_r50", None, {}, 64, (6_815_514_624, 6_815_514_624, 82, 9, 72, 81)),
    ("slow_r50", None, {"crop": 224}, None, (5_218_320_384, 5_218_320_384, 26, 9, 16, 25)),
]


# variant, parameters, multiply-adds of a frame, numbers kept beside two raw frames, receptive field; Kopuklu
# 2022, Tables 2 to 4
DISSECTED: list[tuple[str, int, int, int, float]] = [
    ("R18-none", 15_937_304, 543_461_376, 7_680, 18),
    ("R18-sum", 15_937_304, 543_461_376, 241_664, 26),
    ("R18", 20_655_896, 744_591_360, 241_664, 26),
    ("R50", 40_809_496, 1_645_514_752, 488_192, 34),
    ("R101", 69_828_632, 3_064_893_440, 701_440, 51),
    ("R18-lstm2", 31_051_544, 754_970_624, 238_080, inf),
    ("R50-lstm2", 51_205_144, 1_655_894_016, 484_608, inf),
    ("R101-lstm2", 80_224_280, 3_075_272_704, 697_856, inf),
    ("R18-fc2", 24_744_728, 748_679_168, 241_664, 26),
    ("R18-fc3", 25_794_328, 749_727_744, 241_664, 26),
    ("R18-lstm1", 22_654_744, 746_582_016, 236_032, inf),
    ("R18-lstm3", 39_448_344, 763_359_232, 240_128, inf),
    ("R18-gru1", 21_079_832, 745_009_152, 235_008, inf),
    ("R18-gru2", 27_377_432, 751_300_608, 236_032, inf),
    ("R18-gru3", 33_675_032, 757_592_064, 237_056, inf),
]


def name(value: object) -> str:
    return "-".join(f"{key}{size}" for key, size in value.items()) if isinstance(value, dict) else str(value)


@pytest.mark.parametrize(("spec", "variant", "sizes", "params", "macs"), CLIPS, ids=name)
def test_a_network_has_the_parameters_and_multiply_adds_of_its_authors_code(
    spec: str, variant: str | None, sizes: dict[str, Any], params: int | None, macs: int | None
):
    totals = analyze(load(spec, variant=variant, **sizes)).totals
    assert macs in (None, totals["macs_per_clip"])
    assert params in (None, totals["params"])


@pytest.mark.parametrize(("spec", "variant", "sizes", "pool", "figures"), STREAMS, ids=name)
def test_a_network_frame_by_frame_has_the_figures_of_its_authors_code(
    spec: str, variant: str | None, sizes: dict[str, Any], pool: int | None, figures: tuple[int, ...]
):
    totals = analyze(continual(load(spec, variant=variant, **sizes), pool=pool)).totals
    assert tuple(totals[figure] for figure in STREAM) == figures


@pytest.mark.parametrize(("variant", "params", "macs", "cache", "receptive_field"), DISSECTED, ids=str)
def test_a_dissected_network_keeps_what_its_convolutions_read(
    variant: str, params: int, macs: int, cache: int, receptive_field: float
):
    totals = analyze(continual(load("d_resnet", variant=variant), state="window")).totals
    assert (totals["params"], totals["macs_per_frame"], totals["delay"]) == (params, macs, 0)
    assert totals["state_floats"] == cache + 2 * 3 * 112 * 112
    assert (totals["receptive_field"], totals["warmup"]) == (receptive_field, receptive_field - 1)


@pytest.mark.parametrize(
    ("variant", "receptive_field"), [("R18", 11), ("R50", 19), ("R101", 36), ("R18-none", 3)]
)
def test_the_features_of_a_dissected_network_see_this_far(variant: str, receptive_field: int):
    totals = analyze(continual(load("d_resnet", variant=variant, window=1))).totals
    assert (totals["receptive_field"], totals["delay"], totals["warmup"]) == (
        receptive_field,
        0,
        receptive_field - 1,
    )


@pytest.mark.parametrize(
    ("variant", "partial"), [("R18", 192_000), ("R50", 350_720), ("R101", 563_968), ("R18-none", 0)]
)
def test_a_dissected_network_may_keep_open_sums_instead(variant: str, partial: int):
    totals = analyze(continual(load("d_resnet", variant=variant))).totals
    assert totals["state_floats"] == partial + 2 * 64 * 56 * 56 + 15 * 600


def test_one_batch_norm_of_d_resnet_50_is_open():
    assert analyze(load("d_resnet", variant="R50-lstm2", last_norm=False)).totals["params"] == 51_204_120


def test_coi3d_answers_every_second_frame():
    stream = continual(load("i3d_r50"))
    analysis = analyze(stream)
    first_step = 1_489_223_680
    assert analysis.totals["macs_per_frame"] * 2 == first_step + analysis.totals["macs_worst_step"]


@pytest.mark.parametrize(
    ("variant", "weights"), [("4x16-R50", 34_419_128), ("8x8-R101", 53_654_968), ("8x8-R101-NL", 59_946_424)]
)
def test_slowfast_has_the_weights_that_x3d_quotes(variant: str, weights: int):
    """34.4, 53.7 and 59.9 million: weights alone, the last truncated (Feichtenhofer 2020, Table 4)."""
    assert analyze(load("slowfast", variant=variant)).totals["weights"] == weights


def test_an_answer_sees_its_clip_with_and_without_non_local_blocks():
    figures = [analyze(load("slowfast", variant=name)).totals for name in ("8x8-R101", "8x8-R101-NL")]
    assert figures[0]["receptive_field"] == figures[1]["receptive_field"] == 32


def test_non_local_blocks_are_refused_frame_by_frame():
    with pytest.raises(TransformError) as error:
        continual(load("slowfast", variant="8x8-R101-NL"))
    assert str(error.value) == (
        "slow_res4.6.non_local.attention.attention: attention needs all 8 frames of the clip at once and "
        "cannot run frame by frame; leave it out, or let every frame attend to itself alone "
        "(over: frame) or to the last ones too (over: window, frames: N)"
    )
