"""The pages of the spec language: what they show can be read, and is what they say."""

import re
from pathlib import Path

import pytest
import torch

import cli
import costmodel
from costmodel import analyze
from costmodel.emit import emit
from costmodel.network import Network
from costmodel.spec.axes import AXIS_KEYS, axes_of
from costmodel.spec.document import from_text
from reports import language

DOCS = Path(__file__).resolve().parents[2] / "docs"


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


def test_the_page_of_the_docs_is_up_to_date(tmp_path: Path):
    assert cli.main(["report", "language", "--out", str(tmp_path)]) == 0
    made = (tmp_path / "spec-language.md").read_text()
    assert (DOCS / "spec-language.md").read_text() == made, "make it anew: report language --out docs"


def test_every_key_of_an_axis_is_told():
    assert language.AXIS_KEYS.keys() == set(AXIS_KEYS)


@pytest.mark.parametrize("text", blocks("spec-language.md", "yaml"), ids=lambda text: text.split()[1])
def test_every_spec_on_the_page_is_a_network_and_a_stream(text: str):
    document = from_text(text, "page")
    axes_of(document)
    for variant in document.sections["variants"] or [None]:
        network = Network(document, variant=variant)
        assert analyze(network.graph()).totals["macs_per_clip"] > 0
        assert network.continual().graph().is_stream


def test_the_class_and_its_spec_are_the_same_network():
    (code,), (text,) = blocks("from-pytorch.md", "python"), blocks("from-pytorch.md", "yaml")
    names: dict[str, type[torch.nn.Module]] = {}
    exec(code, names)
    torch.manual_seed(1)
    module = names["Net"]().eval()
    graph = Network(from_text(text, "page")).graph()
    clip = torch.randn(2, *map(int, graph.source))
    read, written = (analyze(each).totals for each in (costmodel.from_torch(module, clip[:1]), graph))
    assert [read[key] for key in ("params", "macs_per_clip")] == [
        written[key] for key in ("params", "macs_per_clip")
    ]
    network = emit(graph).eval()
    ours, theirs = network.state_dict(), module.state_dict()
    theirs = {key: value for key, value in theirs.items() if "num_batches" not in key}
    ours = {key: value for key, value in ours.items() if "num_batches" not in key}
    assert [each.shape for each in ours.values()] == [each.shape for each in theirs.values()]
    network.load_state_dict(dict(zip(ours, theirs.values(), strict=True)), strict=False)
    with torch.no_grad():
        torch.testing.assert_close(network(clip), module(clip), rtol=1e-5, atol=1e-5)
