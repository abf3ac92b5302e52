"""Frames, crop, classes and one width become sizes where they may be other numbers; where not, it is said."""

from __future__ import annotations

from fractions import Fraction

import pytest
from modules_of_specs import INPUT, rewritten

from costmodel.graph import Graph
from costmodel.importers.blocks.sizes import head
from costmodel.network import Network
from costmodel.spec import document, elaborate, from_text

NET = "network: [{conv: {channels: 8}}, relu, global_pool, {linear: {channels: 3}}, softmax]"


def built(network: str) -> Graph:
    return elaborate(from_text(INPUT + network))


def network(text: str, **sizes: Fraction | int) -> Graph:
    return Network(from_text(text), sizes).graph()


def test_frames_crop_and_classes_are_sizes():
    text = rewritten(built(NET)).text
    made = network(text, frames=3, crop=5, classes=7)
    assert tuple(made.source) == (4, 3, 5, 5)
    assert made.types[made.output].channels == 7


def test_maps_that_are_not_square_have_two_sizes():
    text = rewritten(elaborate(from_text(INPUT.replace("height: 16", "height: 12") + NET))).text
    assert "sizes: {frames: 8, crop_height: 12, crop_width: 16, classes: 3}" in text


def test_the_head_is_the_last_layer_with_channels_of_its_own():
    assert head(built(NET)) == "linear"
    joined = "network: [{add: {a: [{conv: {channels: 4}}], b: []}}]"
    assert head(built(joined)) == ""


def test_a_size_that_makes_no_network_stays_a_number_and_is_told():
    fixed = "network: [{concat: {a: [], b: [{interpolate: {size: [all, 16, 16]}}]}}, {conv: {channels: 2}}]"
    found = rewritten(built(fixed))
    assert "height: 16, width: 16" in found.text
    assert "sizes: {frames: 8, classes: 2}" in found.text
    (note,) = found.notes
    assert note.startswith("crop stays 16: network[1].concat: branches differ")


def test_a_head_that_the_input_is_added_to_has_no_classes():
    found = rewritten(built("network: [{add: {a: [{conv: {channels: 4}}], b: []}}, relu]"))
    assert "classes" not in found.text
    skip = "network: [{conv: {as: a, channels: 4}}, {add: {from: [a, input]}}, {conv: {channels: 4}}]"
    assert "classes: 4" in rewritten(built(skip)).text


@pytest.mark.parametrize("name", ["x3d_s", "resnext_3d", "shufflenet_v1_3d"])
def test_a_width_of_one_is_the_network_and_others_are_networks(name: str):
    graph = elaborate(document(name))
    found = rewritten(graph, frees_width=True)
    assert found.notes == ()
    assert network(found.text, width=1).nodes == graph.nodes
    whole, half = (_channels(network(found.text, width=width)) for width in (1, Fraction(1, 2)))
    assert half < 0.7 * whole


def _channels(graph: Graph) -> int:
    return sum(int(kind.channels) for kind in graph.types.values())


def test_channels_stay_multiples_of_their_groups():
    text = "network: [{conv: {channels: 24}}, {conv: {channels: 36, groups: 12}}, {conv: {channels: 5}}]"
    found = rewritten(built(text), frees_width=True)
    assert "w24: round_to(24 * width, 24)" in found.text
    assert "w36: round_to(36 * width, 12)" in found.text
    assert "groups: 12" in found.text


def test_channels_stay_multiples_of_their_heads():
    branches = (
        "query: [{conv: {channels: 24}}], key: [{conv: {channels: 24}}], value: [{conv: {channels: 24}}]"
    )
    heads = f"network: [{{attention: {{heads: 3, {branches}}}}}, {{linear: {{channels: 2}}}}]"
    found = rewritten(built(heads), frees_width=True)
    assert found.notes == ()
    assert "w24: round_to(24 * width, 24)" in found.text


def test_depthwise_groups_follow_the_channels():
    found = rewritten(
        built("network: [{conv: {channels: 16, groups: 4}}, {conv: {channels: 16, groups: 16}}, bn]")
    )
    assert "groups: 16" in found.text
    freed = rewritten(
        built(
            "network: [{conv: {channels: 16}}, {conv: {channels: 16, groups: 16}}, {linear: {channels: 2}}]"
        ),
        frees_width=True,
    )
    assert "groups: w16" in freed.text


def test_a_width_that_cannot_be_freed_is_told():
    tied = "network: [{conv: {as: a, channels: 4}}, {add: {from: [a, input]}}, {conv: {channels: 4}}]"
    found = rewritten(built(tied), frees_width=True)
    assert "width:" not in found.text.replace("width: crop", "")
    (note,) = found.notes
    assert note.startswith("width cannot be freed: network[1].add: branches differ")


def test_a_call_that_is_known_of_one_clip_alone_leaves_no_sizes():
    found = rewritten(
        built("network: [{foreign: {channels: 4, height: 16, width: 16}}, relu]"), frees_width=True
    )
    assert "sizes" not in found.text
    assert found.notes == ("there are no sizes: what foreign takes and gives is known of this clip alone",)
