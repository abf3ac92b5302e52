"""Every network of the papers has the parameters and multiply-adds of its authors' code, to the unit."""

from typing import Any

import pytest

from costmodel import continual, load
from costmodel.analysis.cost import analyze
from costmodel.errors import TransformError

STREAM = ("macs_per_frame", "macs_worst_step", "receptive_field", "padding", "delay", "warmup")

# (spec, variant, sizes), parameters, multiply-adds of a clip
CLIPS: list[tuple[str, str | None, dict[str, Any], int | None, int]] = [
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
]

# (spec, variant, sizes, pool), the figures named in STREAM; Hedegaard 2022, and its authors' code
STREAMS: list[tuple[str, str | None, dict[str, Any], int | None, tuple[int, ...]]] = [
    ("i3d_r50", None, {}, None, (3_551_264_768, 5_613_305_856, 42, 17, 24, 41)),
    ("i3d_r50", None, {}, 64, (3_551_264_768, 5_613_305_856, 98, 17, 80, 97)),
    ("slow_r50", None, {}, None, (6_815_514_624, 6_815_514_624, 26, 9, 16, 25)),
    ("slow_r50", None, {}, 64, (6_815_514_624, 6_815_514_624, 82, 9, 72, 81)),
    ("slow_r50", None, {"crop": 224}, None, (5_218_320_384, 5_218_320_384, 26, 9, 16, 25)),
]


def name(value: object) -> str:
    return "-".join(f"{key}{size}" for key, size in value.items()) if isinstance(value, dict) else str(value)


@pytest.mark.parametrize(("spec", "variant", "sizes", "params", "macs"), CLIPS, ids=name)
def test_a_network_has_the_parameters_and_multiply_adds_of_its_authors_code(
    spec: str, variant: str | None, sizes: dict[str, Any], params: int | None, macs: int
):
    totals = analyze(load(spec, variant=variant, **sizes)).totals
    assert totals["macs_per_clip"] == macs
    assert params in (None, totals["params"])


@pytest.mark.parametrize(("spec", "variant", "sizes", "pool", "figures"), STREAMS, ids=name)
def test_a_network_frame_by_frame_has_the_figures_of_its_authors_code(
    spec: str, variant: str | None, sizes: dict[str, Any], pool: int | None, figures: tuple[int, ...]
):
    totals = analyze(continual(load(spec, variant=variant, **sizes), pool=pool)).totals
    assert tuple(totals[figure] for figure in STREAM) == figures


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


def test_non_local_blocks_are_refused_frame_by_frame():
    with pytest.raises(TransformError) as error:
        continual(load("slowfast", variant="8x8-R101-NL"))
    assert str(error.value) == (
        "slow_res4.6.non_local.attention.attention: attention needs all 8 frames of the clip at once and "
        "cannot run frame by frame; leave it out, or let every frame attend to itself alone"
    )
