"""Small inputs from public questions and bug reports, each with the figures that are right.

Where each comes from stands beside its figures; the inputs lie in the folder `cases`.
"""

from pathlib import Path
from typing import Any

import pytest
import torch

from costmodel import analyze, continual, load
from costmodel.emit import emit, randomise
from costmodel.errors import CostModelError
from costmodel.validation.validate import validate
from tests.shared.forms import as_onnx, module_answers

CASES = Path(__file__).parent / "cases"
CLIPS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # TylerYep/torchinfo 77, ThanatosShinji/onnx-tool 35
    ("linear_many", {}, {"macs_per_clip": 369_098_752}),
    ("onnxtool35", {}, {"macs_per_clip": 28_311_552, "params": 224}),
    # open-mmlab/mmaction2, backbones/c3d.py; cypw/PyTorch-MFNet 12
    ("c3d", {}, {"params": 78_409_573, "macs_per_clip": 38_547_378_176}),
    ("mfnet3d", {}, {"params": 7_996_368, "macs_per_clip": 11_045_449_728}),
    # mit-han-lab/temporal-shift-module 11 and 67; facebookresearch/SlowFast 311
    ("tsm_online", {}, {"params": 24_327_632, "macs_per_clip": 32_703_643_648}),
    ("slowfast_r101_101", {}, {"macs_per_clip": 125_905_539_072}),
    # kkahatapitiya/X3D-Multigrid 5
    ("x3d_multigrid", {}, {"params": 3_794_322, "macs_per_clip": 4_084_939_328}),
    ("x3d_multigrid", {"crop": 224}, {"macs_per_clip": 4_732_468_736}),
    # google-research movinet, tensorflow/models 10352: one step, without ReZero's scalars
    ("movinet_a0_stream", {"frames": 1, "memory": 1}, {"params": 3_748_016, "macs_per_clip": 50_696_504}),
]
STREAMS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("c3d", {}, {"macs_per_frame": 2_409_211_136, "delay": 45, "receptive_field": 76}),
    # lucidrains/audiolm-pytorch 166; paul-krug/pytorch-tcn 13
    ("gap_causal_stride", {}, {"macs_per_frame": 512, "state_floats": 128}),
    ("tcn", {}, {"receptive_field": 763, "delay": 0, "warmup": 762, "state_floats": 12_192}),
    ("gap_tsm_offline", {}, {"delay": 1, "receptive_field": 2, "state_floats": 128}),
    ("tsm_online", {}, {"macs_per_frame": 4_087_955_456, "state_floats": 702_464, "delay": 0}),
    ("tsm_online", {}, {"receptive_field": 17, "warmup": 16}),
    ("movinet_a0_stream", {"memory": 50}, {"macs_per_frame": 50_696_504, "state_floats": 830_096}),
]
# mit-han-lab/temporal-shift-module 11, 37 and 67, and variations of it: the state that is held, too
HELD: list[tuple[str, dict[str, Any]]] = [
    ("split_shift", {"state_floats": 144}),
    ("shuffle_shift", {"state_floats": 0, "delay": -2, "receptive_field": 1}),
    ("subsample_shift", {"state_floats": 0, "delay": -1, "receptive_field": 1}),
    ("subsample_add", {"state_floats": 216}),
    ("split_causal", {"state_floats": 288}),
    ("split_maxpool", {"state_floats": 72}),
]
COUNTED: list[tuple[str, str, int]] = [
    ("linear_many", "fvcore", 369_098_752),
    ("linear_many", "thop", 369_098_752),
    ("linear_many", "torchinfo", 16_640),
    ("linear_many", "ptflops", 374_865_920),
    ("mfnet3d", "fvcore", 11_176_509_440),
    ("mfnet3d", "torchinfo", 11_045_486_880),
    ("mfnet3d", "ptflops", 11_314_594_192),
    ("mfnet3d", "ptflops-aten", 11_045_450_128),
    ("mfnet3d", "thop", 11_307_569_920),
]
C3D_AT_64 = {
    "fvcore": 12_606_394_368,
    "torchinfo": 12_614_037_605,
    "ptflops": 12_643_250_277,
    "ptflops-aten": 12_614_037_605,
    "thop": 12_606_394_368,
}


def of(case: str, **sets: Any) -> Any:
    return load(str(CASES / f"{case}.yaml"), **sets)


@pytest.mark.parametrize(("case", "sets", "figures"), CLIPS)
def test_a_clip_costs_what_its_source_measured(case: str, sets: dict[str, Any], figures: dict[str, Any]):
    assert figures.items() <= analyze(of(case, **sets)).totals.items()


@pytest.mark.parametrize(("case", "sets", "figures"), STREAMS)
def test_a_stream_has_the_figures_worked_out_by_hand(
    case: str, sets: dict[str, Any], figures: dict[str, Any]
):
    assert figures.items() <= analyze(continual(of(case, **sets))).totals.items()


@pytest.mark.parametrize(("case", "figures"), HELD)
def test_a_stream_holds_what_is_predicted(case: str, figures: dict[str, Any]):
    stream = continual(of(case))
    assert figures.items() <= analyze(stream).totals.items()
    assert [check for check in validate(stream) if check.holds is False] == []


@pytest.mark.parametrize(("case", "convention", "printed"), COUNTED)
def test_a_tool_prints_what_its_convention_counts(case: str, convention: str, printed: int):
    assert analyze(of(case), convention=convention).totals["count_per_clip"] == printed


@pytest.mark.parametrize(("convention", "printed"), C3D_AT_64.items())
def test_a_tool_prints_for_c3d_at_64_pixels_what_its_convention_counts(convention: str, printed: int):
    totals = analyze(of("c3d", crop=64), convention=convention).totals
    assert totals["count_per_clip"] == printed


def test_uneven_channels_are_split_by_rounding_down():
    """An eighth of 20 channels is 2, as temporal-shift-module has it; one of the two stays a frame longer."""
    analysis = analyze(continual(of("gap_split_uneven")))
    assert [row["out"]["channels"] for row in analysis.rows if row["op"] == "split"] == [2, 2]
    assert analysis.totals["state_floats"] == 2 * 4 * 4


def test_a_flatten_over_frames_is_refused_in_a_stream_with_its_repair():
    with pytest.raises(CostModelError, match=r"^flatten: flatten"):
        continual(of("flatten_stream"))


def test_average_pools_count_the_padding_in_an_export_too(tmp_path: Path):
    # pytorch/pytorch 183528: ONNX average pools at the edge
    network = emit(of("avgpad")).eval()
    randomise(network, 1)
    clip = torch.randn(2, 3, 8, 9, 9, generator=torch.Generator().manual_seed(2))
    (found,) = as_onnx(network, clip, tmp_path)
    assert torch.allclose(found, module_answers(network, clip)[0], atol=1e-6)
