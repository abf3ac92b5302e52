"""Every network that comes with the tool is written in every form, and answers there as its module does."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.errors import TransformError
from costmodel.network import Network
from reports.gallery import Entry, entries
from tests.shared.emitted_gallery import FOR_STREAMS, FORMS, KINDS, check, running
from tests.shared.forms import answer_alone, assert_alike, module_answers, write_source

ONE_BLOCK = {f"blocks{stage}": 1 for stage in (1, 2, 3, 4)}
SIX = {
    "squeeze-excite": Entry("x3d", "M", {"crop": 32, "frames": 4, "gamma_d": 0.2}),
    "two pathways": Entry("slowfast", "8x8-R18", {"crop": 32, "frames": 8, "channels": 16, "blocks5": 1}),
    "shifts": Entry("d_resnet", "R18-sum", {"crop": 32, "frames": 4, "blocks3": 1, "blocks4": 1}),
    "recurrent": Entry("d_resnet", "R50-lstm2", {"crop": 32, "frames": 4, "hidden": 16, **ONE_BLOCK}),
    "blocks in blocks": Entry("mobilenet_v2_3d", None, {"crop": 32, "width": 0.2}),
    "shuffles": Entry("shufflenet_v2_3d", "0.25x", {"crop": 32}),
}
CLIP_ALONE = ("8x8-R101-NL", "16x8-R101-NL")  # they attend to the whole clip


def test_source_stands_alone_and_answers_as_its_module_does(tmp_path: Path):
    folders, expected = [], []
    for name, entry in SIX.items():
        network = Network.of(entry.spec, entry.variant, entry.sets)
        for kind in KINDS:
            module, clip = running((network if kind == "clip" else network.continual()).graph())
            folders.append(tmp_path / f"{name}, {kind}")
            write_source(module.double(), clip.double(), folders[-1])
            expected.append(module_answers(module, clip.double()))
    # All in one process: it takes longer to load torch than to answer.
    for found, answers in zip(answer_alone(folders), expected, strict=True):
        assert_alike(found, answers, 1e-9)


@pytest.mark.parametrize("variant", CLIP_ALONE)
def test_attention_over_the_clip_says_why_it_has_no_stream(variant: str):
    with pytest.raises(TransformError, match=r"needs all \d+ frames of the clip at once"):
        Network.of("slowfast", variant).continual().graph()


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("entry", list(entries()), ids=lambda entry: entry.command)
def test_every_network_answers_alike_in_every_form(entry: Entry, kind: str, form: str, tmp_path: Path):
    if kind == "stream" and entry.variant in CLIP_ALONE:
        pytest.skip("attends to the whole clip: it has no stream")
    if kind == "clip" and form in FOR_STREAMS:
        pytest.skip(f"{form} is a form of streams")
    check(entry, kind, form, tmp_path)
