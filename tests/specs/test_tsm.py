"""TSM's spec beside its code: what a stream costs and keeps, online and offline."""

import pytest

from costmodel import continual, load
from costmodel.analysis.cost import analyze

FIGURES = ("params", "macs_per_frame", "state_floats", "delay", "receptive_field", "warmup")


@pytest.mark.parametrize(
    ("variant", "figures"),
    [
        ("R50-online", (24_327_632, 4_087_955_456, 702_464, 0, 17, 16)),
        ("R50-offline", (24_327_632, 4_087_955_456, 11_239_424, 16, 33, 32)),
        ("mobilenet_v2-online", (2_258_459, 299_528_832, 27_048, 0, 11, 10)),
        ("mobilenet_v2-offline", (2_258_459, 299_528_832, 432_768, 10, 21, 20)),
    ],
)
def test_a_stream_has_the_figures_of_its_code(variant: str, figures: tuple[int, ...]):
    totals = analyze(continual(load("tsm", variant=variant))).totals
    assert tuple(totals[figure] for figure in FIGURES) == figures


def test_a_share_online_is_all_that_a_block_keeps():
    """An eighth of the channels at the head of each of 16 blocks, from 64 channels on to 2048."""
    analysis = analyze(continual(load("tsm", variant="R50-online")))
    kept = [row["state_floats"] for row in analysis.rows if row["state_floats"]]
    assert len(kept) == 16
    assert kept[0] == 64 // 8 * 56 * 56
    assert kept[-1] == 2048 // 8 * 7 * 7
