"""Branches of unequal frames: which frames they are cut to, in a clip and in its stream."""

import pytest
import torch

from costmodel import continual
from costmodel.errors import ShapeError
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Add, Concat, Conv, Delay, Gate, Op
from costmodel.ops.merge import Crop
from costmodel.types import TensorType
from tests.shared.emitted import assert_near, clip_network, stream_network

CROPS: tuple[Crop, ...] = (True, "centred", "newest")


def branches(merge: Op, kernel: int = 4) -> Graph:
    """The input beside a layer without padding, which has kernel - 1 frames fewer."""
    conv = Conv(channels=4, kernel=(kernel, 1, 1), padding=(0, 0, 0))
    return Graph("x", TensorType(4, 12, 3, 3), (Node("a", conv, (INPUT,)), Node("m", merge, ("a", INPUT))))


@pytest.mark.parametrize(("crop", "skipped"), [(True, 0), ("centred", 1), ("newest", 3)])
@pytest.mark.parametrize("word", [Add, Concat, Gate])
def test_a_clip_is_cut_to_the_frames_that_it_says(word: type[Op], crop: Crop, skipped: int):
    network = clip_network(branches(word(crop=crop)))
    clip = torch.randn(2, 4, 12, 3, 3, dtype=torch.float64)
    value = network.layers["a"](clip)
    kept = clip[:, :, skipped : skipped + 9]
    expected = {Add: value + kept, Concat: torch.cat((value, kept), 1), Gate: value * kept}[word]
    assert_near(network(clip), expected)


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize("word", [Add, Concat, Gate])
def test_a_stream_answers_as_the_clip_does(word: type[Op], crop: Crop):
    graph = branches(word(crop=crop))
    stream, clip = stream_network(graph), torch.randn(2, 4, 12, 3, 3, dtype=torch.float64)
    outputs, _ = stream.forward_steps(clip)
    assert_near(outputs, clip_network(graph)(clip))
    assert_near(stream(clip), outputs)


@pytest.mark.parametrize(("crop", "waits"), [(True, [3]), ("centred", [2]), ("newest", [])])
def test_the_branch_that_is_cut_waits_less_the_more_is_left_out_ahead(crop: Crop, waits: list[int]):
    stream = continual(branches(Add(crop=crop)))
    assert [node.op.wait for node in stream.nodes if isinstance(node.op, Delay)] == waits


@pytest.mark.parametrize("crop", CROPS)
def test_a_gate_of_one_frame_holds_for_all_of_a_cropped_branch(crop: Crop):
    gate, x = TensorType(4, 1, 1, 1), TensorType(4, 12, 3, 3)
    assert Gate(crop=crop).out(x, gate) == x
    assert Gate(crop=crop).skips(x, gate) == (0, 0)


def test_branches_must_still_agree_in_all_but_time():
    for merge in (Add(crop="newest"), Gate(crop="newest")):
        with pytest.raises(ShapeError, match=r"^m: "):
            Graph(
                "x",
                TensorType(4, 12, 3, 3),
                (Node("a", Conv(channels=5), (INPUT,)), Node("m", merge, ("a", INPUT))),
            )
