"""Forms: each is the network that its options give, and what there is not says why."""

from pathlib import Path

import pytest

from commands.command import network_of
from costmodel.analysis.cost import analyze
from costmodel.network import Network
from costmodel.spec.document import shipped_names
from reports.forms import FIGURES, FORMS, document, documents, forms_of

SMALL = "x2d --set frames=8 --set crop=32"
GALLERY = Path(__file__).resolve().parents[2] / "docs" / "gallery"


def test_each_form_is_what_its_options_give():
    for each in forms_of(network_of(SMALL)):
        assert each.analysis is not None, each.reason
        alone = analyze(network_of(f"{SMALL} {each.options}").graph()).totals
        assert {name: each.row[name] for name in FIGURES} == {name: alone[name] for name in FIGURES}


def test_weights_say_how_they_carry_over():
    found = {each.name: each.weights for each in forms_of(network_of(SMALL))}
    assert list(found) == list(FORMS)
    assert {found[name] for name in ("clip", "continual", "pool so far")} == {"exactly"}
    assert {found[name] for name in ("causal", "dissected", "sampled", "head lstm")} == {"as a start"}
    assert found["factorised"] == "not"


def test_a_sampled_clip_hands_half_of_its_frames_on():
    (sampled,) = (each for each in forms_of(Network.of("r3d_18")) if each.name == "sampled")
    assert sampled.options == "--sgs layer1 --active-bins 8"


def test_transforms_of_the_clip_stay_and_streams_are_made_anew():
    found = {each.name: each.options for each in forms_of(network_of("c3d --stride-time --continual"))}
    assert found["clip"] == "--stride-time"
    assert found["causal"] == "--stride-time --causal --continual"


def test_what_there_is_not_says_why():
    (refused,) = (each for each in forms_of(Network.of("resnet_2d")) if each.name == "dissected")
    assert refused.analysis is None
    assert "has no convolution over several frames" in refused.reason
    assert f"- dissected: {refused.reason}" in document(Network.of("resnet_2d"))


@pytest.mark.parametrize("name", ["digits", "c3d", "squeezenet_3d"])
def test_a_page_is_up_to_date(name: str):
    assert (GALLERY / f"{name}.md").read_text() == document(Network.of(name))


def test_there_is_a_page_for_each_shipped_spec():
    assert sorted(path.stem for path in GALLERY.glob("*.md")) == sorted(shipped_names())


@pytest.mark.slow
def test_all_pages_are_up_to_date():
    stale = [name for name, text in documents() if (GALLERY / f"{name}.md").read_text() != text]
    assert stale == []
