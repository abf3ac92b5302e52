"""Attention within windows, and rolls: clip and source agree, a stream is refused but within frames."""

import pytest
import torch

from costmodel import TensorType
from costmodel.diagnosis import diagnose
from costmodel.emit.modules.texts.window_attention import distances, strangers
from costmodel.emit.source import source_text
from costmodel.errors import ShapeError, TransformError
from costmodel.graph import Graph, Node
from costmodel.ops import Op, Roll, WindowAttention, infer
from costmodel.transforms.continual import continual
from tests.shared.emitted import answered, assert_near, clip_network, frames, stream_network

SOURCE = TensorType(4, 4, 6, 6)
SHIFTED = WindowAttention(windows=(2, 3, 3), shift=(1, 1, 2), heads=2, bias=True)


def graph_of(op: WindowAttention) -> Graph:
    nodes = Node("roll", Roll(to_end=op.shift), ("input",)), Node("attention", op, ("roll",) * 3)
    return Graph("swin", SOURCE, (*nodes, Node("back", Roll(to_front=op.shift), ("attention",))))


@pytest.mark.parametrize("bias", [True, False])
def test_source_gives_the_same(bias: bool):
    graph = graph_of(WindowAttention(windows=(2, 3, 3), shift=(1, 1, 2), heads=2, bias=bias))
    network, clip = clip_network(graph), frames(graph, 4)
    space: dict[str, type[torch.nn.Module]] = {}
    exec(source_text(graph), space)
    written = space["Swin"]().double()
    if bias:
        torch.nn.init.normal_(network.get_parameter("attention.bias"))
    written.load_state_dict(network.state_dict())
    assert_near(written(clip), network(clip))


def test_a_position_sees_its_window_alone_and_no_strangers():
    network = clip_network(graph_of(SHIFTED))
    clip = frames(network.graph, 4).requires_grad_()
    # Rolled, the first frame stands at the end: beside the last, which it must not see.
    network(clip)[:, :, 0].sum().backward()
    assert clip.grad is not None
    seen = clip.grad.abs().amax((0, 1, 3, 4)) > 1e-30
    assert seen.tolist() == [True, False, False, False]


def test_distances_are_numbered_by_time_height_and_width():
    found = distances((1, 2, 2))
    assert found.tolist() == [[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]]


def test_strangers_stand_in_the_last_window_of_an_axis():
    found = strangers((1, 1, 4), (1, 1, 2), (0, 0, 1))
    assert found.tolist() == [[[False, False], [False, False]], [[False, True], [True, False]]]


def test_windows_of_one_frame_run_frame_by_frame():
    op = WindowAttention(windows=(1, 3, 3), shift=(0, 1, 1), heads=2)
    clip = frames(graph_of(op), 4)
    assert_near(answered(stream_network(graph_of(op)), clip), clip_network(graph_of(op))(clip))


@pytest.mark.parametrize(
    ("op", "told"),
    [
        (
            SHIFTED,
            "window_attention needs all 4 frames of the clip at once and cannot run frame by frame; give it "
            r"windows of one frame \(windows: \[1, ...\]\), none of them shifted in time",
        ),
        (Roll(to_end=(1, 0, 0)), "roll needs all 4 frames of the clip at once .* with 0 for time"),
    ],
)
def test_a_stream_over_frames_is_refused_with_its_repair(op: Op, told: str):
    graph = Graph("net", SOURCE, (Node("layer", op, ("input",) * (op.arity or 1)),))
    with pytest.raises(TransformError, match=told):
        continual(graph)
    assert diagnose(graph).kind == "X"


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (WindowAttention(windows=(3, 3, 3)), "windows of 3 do not divide 4 in time"),
        (WindowAttention(windows=(2, 3, 3), heads=3), "3 heads do not divide 4 channels"),
        (
            WindowAttention(windows=(2, 3, 3), shift=(0, 3, 0)),
            "a shift by 3 of windows of 3 in height",
        ),
        (Roll(to_end=(0, 6, 0)), "rolls 6 of 6 in height, expected fewer"),
    ],
)
def test_what_does_not_fit_is_refused(op: Op, message: str):
    with pytest.raises(ShapeError, match=message):
        infer(op, (SOURCE,) * (op.arity or 1))
