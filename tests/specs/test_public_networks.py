"""Specs of public networks beside the modules themselves: to the unit in costs, to rounding in answers."""

from pathlib import Path
from typing import Any

import pytest
import torch

from costmodel import analyze, load
from costmodel.emit import emit
from costmodel.emit.weights import load_weights
from reports.public import Measured, measured
from tests.shared.peers import factory, randomised

HUB = "pytorchvideo.models.hub"
EFFICIENT = "pytorchvideo.models.accelerator.mobile_cpu.efficient_x3d"
# spec, variant, frames, crop; module and factory; the layout of its weights
MODULES: list[Any] = [
    ("r3d_18", None, 4, 32, "torchvision.models.video", "r3d_18", "torchvision-r3d"),
    ("mc3_18", None, 4, 32, "torchvision.models.video", "mc3_18", "torchvision-r3d"),
    ("r2plus1d", None, 4, 32, "torchvision.models.video", "r2plus1d_18", "torchvision"),
    ("efficient_x3d", "XS", 4, 160, EFFICIENT, "create_x3d", "pytorchvideo-efficient"),
    *(
        pytest.param(*case, marks=pytest.mark.slow)
        for case in (
            ("s3d", None, 16, 224, "torchvision.models.video", "s3d", "torchvision-s3d"),
            ("slow_only", None, 8, 224, HUB, "slow_r50", "pytorchvideo"),
            ("c2d", None, 8, 224, HUB, "c2d_r50", "pytorchvideo-pool"),
            ("i3d_r50", None, 8, 224, HUB, "i3d_r50", "pytorchvideo-pool"),
            ("r2plus1d_r50", None, 16, 224, HUB, "r2plus1d_r50", "pytorchvideo"),
            ("csn", "ir-CSN-101-pytorchvideo", 32, 224, HUB, "csn_r101", "pytorchvideo"),
        )
    ),
]
# What tools print for torchvision's networks on 8 x 64 x 64; their convolutions are classes of its own
SUBCLASSES = [
    ("r3d_18", "ptflops", 259_694_992),
    ("r3d_18", "thop", 260_030_976),
    ("r3d_18", "fvcore", 6_651_469_824),
    ("mc3_18", "ptflops", 300_622_224),
    ("mc3_18", "thop", 301_474_304),
    ("mc3_18", "ptflops-aten", 7_076_520_336),
    ("mc3_18", "torchinfo", 7_076_529_936),
]


@pytest.mark.parametrize("public", list(measured()), ids=lambda each: f"{each.network}, {each.origin}")
def test_a_public_network_and_its_spec_are_equal_to_the_unit(public: Measured):
    totals = analyze(public.clip().graph()).totals
    assert (totals["params"], totals["macs_per_clip"]) == (public.figures["params"], public.figures["macs"])


@pytest.mark.parametrize(("spec", "convention", "printed"), SUBCLASSES)
def test_a_subclass_counts_nothing_where_a_tool_asks_for_torchs_own(spec: str, convention: str, printed: int):
    totals = analyze(load(spec, frames=8, crop=64), convention=convention).totals
    assert totals["count_per_clip"] == printed


@pytest.mark.peers("torchvision", "pytorchvideo", "fvcore")
@pytest.mark.parametrize(("spec", "variant", "frames", "crop", "module", "name", "layout"), MODULES)
def test_a_public_module_and_its_spec_answer_alike(
    tmp_path: Path,
    spec: str,
    variant: str | None,
    frames: int,
    crop: int,
    module: str,
    name: str,
    layout: str,
):
    theirs = randomised(factory(module, name)())
    ours = emit(load(spec, variant=variant, frames=frames, crop=crop)).eval()
    torch.save({"state_dict": theirs.state_dict()}, tmp_path / "theirs.pt")
    assert load_weights(ours, tmp_path / "theirs.pt").layout == layout
    clip = torch.rand(1, 3, frames, crop, crop, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected, answer = theirs(clip), ours(clip)
    assert float((answer - expected).abs().max()) <= 1e-5 * float(expected.abs().max())
