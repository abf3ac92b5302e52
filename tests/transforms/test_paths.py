"""Where convolutions over time stand, on networks small enough to say it by hand."""

import pytest

from costmodel import load
from costmodel.errors import TransformError
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms.paths import places

INPUT = "input: {channels: 3, time: 8, height: 8, width: 8}\nsizes: {}\nnetwork:\n"


def over_time(layers: str) -> dict[str, str]:
    graph = Network(from_text(INPUT + layers, "tiny"), {}).graph()
    return {name: place for name, place in places(graph).items() if place != "frame"}


def test_of_layers_in_a_row_each_is_the_first_of_its_own_behind_the_stem():
    found = over_time("".join(f"  - conv: {{name: c{n}, channels: 4, kernel: 3}}\n" for n in range(3)))
    assert found == {"c0": "stem", "c1": "first", "c2": "first"}


def test_a_stem_in_two_parts_has_its_kernel_in_time_behind():
    found = over_time(
        "  - conv: {name: space, channels: 4, kernel: [1, 3, 3]}\n"
        "  - conv: {name: time, channels: 4, kernel: [5, 1, 1]}\n"
        "  - conv: {name: next, channels: 4, kernel: 3}\n"
    )
    assert found == {"time": "stem", "next": "first"}


def test_in_a_block_each_path_has_a_first_one():
    found = over_time(
        "  - conv: {name: stem, channels: 4, kernel: 3}\n"
        "  - add:\n"
        "      a:\n"
        "        - conv: {name: one, channels: 4, kernel: 3}\n"
        "        - conv: {name: two, channels: 4, kernel: 3}\n"
        "      b:\n"
        "        - conv: {name: point, channels: 4}\n"
        "        - conv: {name: one, channels: 4, kernel: 3}\n"
        "  - add:\n"
        "      a: [{conv: {name: again, channels: 4, kernel: 3}}]\n"
        "      b: []\n"
    )
    assert [*found.values()] == ["stem", "first", "later", "first", "first"]


def test_a_stem_of_images_leaves_no_block_to_be_the_stem():
    found = over_time(
        "  - conv: {name: stem, channels: 4, kernel: [1, 3, 3]}\n"
        "  - add:\n"
        "      a:\n"
        "        - conv: {name: one, channels: 4, kernel: 3}\n"
        "        - conv: {name: two, channels: 4, kernel: 3}\n"
        "      b: []\n"
    )
    assert [*found.values()] == ["first", "later"]


def test_what_a_gate_weighs_goes_on():
    found = over_time(
        "  - conv: {name: stem, channels: 4, kernel: 3}\n"
        "  - add:\n"
        "      a:\n"
        "        - conv: {name: one, channels: 4, kernel: 3}\n"
        "        - squeeze_excite: {name: se, reduced: 2}\n"
        "        - conv: {name: two, channels: 4, kernel: 3}\n"
        "      b: []\n"
    )
    assert [*found.values()] == ["stem", "first", "later"]


def test_layers_of_the_head_stay_apart():
    found = places(load("d_resnet"))
    assert found["classifier.layer"] == "head"
    assert [*found.values()].count("first") == 8


def test_a_kernel_that_is_no_number_is_refused():
    text = (
        "input: {channels: 3, time: 8, height: 8, width: 8}\nsizes: {taps: 3}\nnetwork:\n"
        "  - conv: {name: stem, channels: 4, kernel: [taps, 3, 3], causal: true}\n"
    )
    import sympy

    network = Network(from_text(text, "tiny"), {"taps": sympy.Symbol("taps", positive=True, integer=True)})
    with pytest.raises(TransformError, match="stem: its kernel in time is no number"):
        places(network.graph())
