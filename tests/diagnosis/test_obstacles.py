"""What stands in the way, found by asking the layers; the stream itself is the judge."""

import pytest

from costmodel import Graph
from costmodel.diagnosis import obstacles
from costmodel.diagnosis.obstacles import refusals
from costmodel.errors import TransformError
from costmodel.transforms.continual import Continual
from tests.diagnosis.networks import BROKEN, clip


def streams(graph: Graph) -> bool:
    try:
        Continual()(graph)
    except TransformError:
        return False
    return True


@pytest.mark.parametrize("name", BROKEN)
def test_a_refusal_is_found_exactly_where_the_stream_refuses(name: str):
    broken = BROKEN[name]
    graph = clip(broken.layers)
    found = refusals(graph)
    assert streams(graph) == (not found)
    assert len({graph.by_name[each].op.word for each in found}) == broken.refusals


def test_equal_refusals_stand_in_one_line():
    norm = "  - group_norm: {{name: {}, groups: 1, over: clip}}\n"
    layers = norm.format("one") + norm.format("two")
    (found,) = obstacles(clip(layers))
    assert (found.effect, found.layers) == ("refused", ("one", "two"))


def test_prices_are_those_of_the_stream():
    found = obstacles(clip(BROKEN["branches that look unequally far ahead"].layers))
    reasons = {each.layers[0]: each.reason for each in found}
    assert "answers wait for 2 frames" in reasons["a.conv"]
    # One frame of three channels waits for the branch that looks a frame further ahead.
    assert "hold 48 numbers" in reasons["add.delay2"]
