"""A spec as one text that extends nothing."""

import pytest

from costmodel.network import Network
from costmodel.spec import document, from_text
from costmodel.spec.resolved import document_text, spec_text, with_sizes


@pytest.mark.parametrize(("name", "variant"), [("x3d", "S"), ("digits", None), ("slowfast", "4x16-R50")])
def test_a_spec_for_a_person_says_the_same_at_the_sizes_asked_for(name: str, variant: str | None):
    network = Network.of(name, variant, sets={"crop": 64})
    text = spec_text(with_sizes(network.document, network.sizes))
    found = Network(from_text(text, name, is_resolved=True))
    assert found.identity == network.identity
    assert found.sizes == network.sizes
    assert "squeeze_excite:" not in text  # the block that every spec has


def test_a_spec_for_a_person_leaves_nothing_out():
    own = document("x3d")
    assert document_text(from_text(spec_text(own), "x3d", is_resolved=True)) == document_text(own)
