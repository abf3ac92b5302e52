"""Every network that comes with the tool is written in every form, and answers there as its module does."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.errors import TransformError
from costmodel.network import Network
from reports.gallery import Entry, entries
from tests.shared.emitted_gallery import CLIP_ALONE, KINDS, Case, cases, check, key_of, running
from tests.shared.forms import as_source, assert_alike, module_answers

ONE_BLOCK = {f"blocks{stage}": 1 for stage in (1, 2, 3, 4)}
SIX = {
    "squeeze-excite": Entry("x3d", "M", {"crop": 32, "frames": 4, "gamma_d": 0.2}),
    "two pathways": Entry("slowfast", "8x8-R18", {"crop": 32, "frames": 8, "channels": 16, "blocks5": 1}),
    "shifts": Entry("d_resnet", "R18-sum", {"crop": 32, "frames": 4, "blocks3": 1, "blocks4": 1}),
    "recurrent": Entry("d_resnet", "R50-lstm2", {"crop": 32, "frames": 4, "hidden": 16, **ONE_BLOCK}),
    "blocks in blocks": Entry("mobilenet_v2_3d", None, {"crop": 32, "width": 0.2}),
    "shuffles": Entry("shufflenet_v2_3d", "0.25x", {"crop": 32}),
}


@pytest.mark.parametrize("name", SIX)
def test_source_stands_alone_and_answers_as_its_module_does(name: str, tmp_path: Path):
    network = Network.of(SIX[name].spec, SIX[name].variant, SIX[name].sets)
    for kind in KINDS:
        module, clip = running((network if kind == "clip" else network.continual()).graph())
        found = as_source(module.double(), clip.double(), tmp_path)
        assert_alike(found, module_answers(module, clip.double()), 1e-9)


@pytest.mark.parametrize("variant", CLIP_ALONE)
def test_attention_over_the_clip_says_why_it_has_no_stream(variant: str):
    with pytest.raises(TransformError, match=r"needs all \d+ frames of the clip at once"):
        Network.of("slowfast", variant).continual().graph()


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for entry in entries() for case in cases(entry)], ids=key_of)
def test_every_network_answers_alike_in_every_form(case: Case, tmp_path: Path):
    check(*case, tmp_path)
