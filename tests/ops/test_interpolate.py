"""Interpolation gives each frame another size, and refuses to make frames."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from costmodel.errors import CostModelError, ShapeError
from costmodel.ops import Interpolate
from costmodel.spec import elaborate, from_text
from tests.shared.emitted import assert_near, chain, clip_network, frames, stream_network


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("sizes", [{"factor": (1, 2, Fraction(1, 2))}, {"size": (None, 5, None)}])
@pytest.mark.parametrize("mode", ["nearest", "bilinear", "trilinear"])
def test_a_stream_answers_as_the_clip_does(mode: Any, sizes: dict[str, Any], align_corners: bool):
    graph = chain(Interpolate(mode=mode, align_corners=align_corners and mode != "nearest", **sizes))
    stream, clip = stream_network(graph), frames(graph, 12)
    outputs, _ = stream.forward_steps(clip)
    assert_near(outputs, clip_network(graph)(clip))


def test_both_ways_to_write_bilinear_give_the_same():
    ways = [chain(Interpolate(mode=mode, size=(None, 4, 9))) for mode in ("bilinear", "trilinear")]
    images, clips = (clip_network(graph)(frames(graph, 12)) for graph in ways)
    assert_near(images, clips)


def test_a_spec_gives_factors_and_sizes():
    lines = [
        "name: up",
        "input: {channels: 2, time: 3, height: 4, width: 6}",
        "network:",
        "  - interpolate: {factor: [1, 2, 0.5], mode: bilinear, align_corners: true}",
        "  - interpolate: {size: [all, 5, all]}",
    ]
    graph = elaborate(from_text("\n".join(lines)))
    assert [graph.types[node.name] for node in graph.nodes] == [(2, 3, 8, 3), (2, 3, 5, 3)]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "layer0: expected a factor or a size, one of them, such as"),
        ({"factor": (1, 2, 2), "size": (None, 2, 2)}, "expected a factor or a size, one of them"),
        ({"factor": (2, 2, 2)}, "interpolation in time makes frames that a stream has not; leave time as"),
        ({"size": (4, 2, 2)}, "interpolation in time makes frames that a stream has not; leave time as"),
        (
            {"factor": (1, Fraction(3, 4), 1)},
            "a factor of 3/4 makes no whole number of 6 in height; give",
        ),
        ({"factor": (1, 2, 2), "align_corners": True}, "align_corners is for bilinear and trilinear"),
    ],
)
def test_what_cannot_be_is_said_with_what_can(fields: dict[str, Any], message: str):
    with pytest.raises(ShapeError) as error:
        chain(Interpolate(**fields))
    assert message in str(error.value)


@pytest.mark.parametrize(("factor", "message"), [("0", "expected a number above 0"), ("[1, 2]", "2 values")])
def test_a_wrong_factor_is_named_by_its_place(factor: str, message: str):
    text = "name: up\ninput: {channels: 2, time: 3, height: 4, width: 6}\nnetwork:\n"
    with pytest.raises(CostModelError, match=r"network\[0\]\.interpolate\.factor.*" + message):
        elaborate(from_text(f"{text}  - interpolate: {{factor: {factor}}}\n"))
