"""A network as plain data: complete, safe to send, and refused in one line where it is none."""

import json
import pickle
from fractions import Fraction

import pytest
from small_network import CONTINUAL, SPEC, tiny

from costmodel.errors import CostModelError
from costmodel.network import Network
from costmodel.spec import document, from_text


def test_plain_data_gives_the_same_network():
    network = Network.of("x3d_m", None, {"crop": 64, "gamma_w": Fraction(4, 3)}, (CONTINUAL,))
    data = json.loads(json.dumps(network.to_dict()))
    again = Network.from_dict(data)
    assert again.graph() == network.graph()
    assert again.identity == network.identity
    assert again.to_dict() == data


def test_plain_data_needs_no_other_spec():
    assert "extends" in document("x3d_m").root.value
    assert "\nextends:" not in Network.of("x3d_m").to_dict()["document"]


def test_a_worker_gets_the_same_network():
    network = Network.of("x3d", "S", {"crop": 32}, (CONTINUAL,))
    again = pickle.loads(pickle.dumps(network))
    assert (again.graph(), again.spec) == (network.graph(), "x3d")


def changed(**values: object) -> dict[str, object]:
    return {**tiny(CONTINUAL).to_dict(), **values}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "network: a list, expected a mapping with format, document, variant, sizes, transforms"),
        (changed(more=1), "network: unknown key 'more'"),
        (changed(format=7), "network: format 7, this tool reads format 1"),
        (
            changed(document=None),
            "network: document is missing or of another kind, expected the text of a spec",
        ),
        (
            changed(document="extends: x3d\nnetwork: []"),
            "network:1: extends: expected a resolved spec, one that",
        ),
        (changed(document="a" * 2**21), "network: document: more than 1048576 characters"),
        (changed(sizes={"wide": 1.5}), "network: sizes: wide: '1.5', expected a whole number or 'a/b'"),
        (changed(sizes={"wide": "1/0"}), "network: sizes: wide: '1/0', expected a whole number or 'a/b'"),
        (changed(transforms=["fold"]), "network: transforms: a str, expected a mapping"),
        (changed(transforms=[{"transform": "folt"}]), "unknown transform 'folt' .did you mean 'fold'"),
        (changed(transforms=[{"transform": "continual", "pool": []}]), "--pool: .., expected 1 to 100000"),
    ],
)
def test_what_is_no_network_is_refused_in_one_line(data: object, message: str):
    with pytest.raises(CostModelError, match=message) as caught:
        Network.from_dict(data)
    assert "\n" not in str(caught.value)


def test_names_that_are_not_printable_come_back():
    name = 'a\x1b[31m "quoted" \\ \U0001f600'
    source = from_text(SPEC.replace("name: tiny", f"name: {json.dumps(name, ensure_ascii=False)}"))
    network = Network(source)
    assert source.name == name
    assert network.to_dict()["document"].isprintable() is False  # its line ends
    assert "\x1b" not in network.to_dict()["document"]
    assert Network.from_dict(network.to_dict()).document.name == name
