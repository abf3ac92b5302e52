"""The last frame of a clip: as far as it sees there, and every frame of a stream."""

import pytest

from costmodel import continual
from costmodel.errors import TransformError
from costmodel.graph import Graph, Node
from costmodel.ops import Conv, Last, Linear, Lstm, Op
from costmodel.types import TensorType
from costmodel.validation.validate import validate

CLIP = TensorType(3, 6, 6, 6)


def network(ahead: Op) -> Graph:
    layers = (Node("ahead", ahead, ("input",)), Node("last", Last(), ("ahead",)))
    return Graph("net", CLIP, (*layers, Node("head", Linear(3), ("last",))))


@pytest.mark.parametrize(
    "ahead", [Conv(channels=4, kernel=(3, 3, 3), stride=(2, 1, 1)), Lstm(4)], ids=["conv", "lstm"]
)
def test_a_clip_and_a_stream_are_as_predicted(ahead: Op):
    clip = network(ahead)
    found = [
        check.what for graph in (clip, continual(clip)) for check in validate(graph, 0) if not check.holds
    ]
    assert found == []


def test_a_layer_behind_it_may_not_look_through_time():
    clip = network(Lstm(4))
    longer = Graph(
        "net", CLIP, (*clip.nodes[:2], Node("late", Conv(channels=4, kernel=(3, 1, 1)), ("last",)))
    )
    with pytest.raises(TransformError, match="late: conv looks through time behind a pool"):
        continual(longer)
