"""Attention over the frames of a clip, within each, and over the last ones: clip, stream and source agree."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel import TensorType, analyze
from costmodel.emit.source import source_text
from costmodel.errors import ShapeError, TransformError
from costmodel.graph import Graph, Node
from costmodel.ops import Attention, Conv, GlobalPool, infer
from costmodel.transforms.continual import continual
from tests.shared.emitted import SOURCE, answered, assert_near, clip_network, frames, stream_network


@pytest.mark.parametrize("softmax", [True, False])
def test_attention_is_a_weighted_mean_of_the_value(softmax: bool):
    graph = Graph("attention", SOURCE, (Node("attention", Attention(softmax=softmax), ("input",) * 3),))
    clip = frames(graph, 12)
    flat = clip.flatten(2).transpose(1, 2)
    expected = flat @ flat.transpose(1, 2) @ flat / flat.shape[1]
    if softmax:
        expected = functional.scaled_dot_product_attention(flat, flat, flat)
    assert_near(clip_network(graph)(clip), expected.transpose(1, 2).reshape(clip.shape))


def test_attention_over_one_frame_runs_frame_by_frame():
    source = SOURCE.with_time(1)
    graph = Graph("attention", source, (Node("attention", Attention(), ("input",) * 3),))
    clip = frames(graph, 3)
    one_by_one = torch.cat([clip_network(graph)(clip[:, :, each : each + 1]) for each in range(3)], 2)
    assert_near(answered(stream_network(graph), clip), one_by_one)
    assert_near(stream_network(graph)(clip), one_by_one)


def test_attention_over_a_clip_is_refused_frame_by_frame():
    graph = Graph("attention", SOURCE, (Node("attention", Attention(), ("input",) * 3),))
    with pytest.raises(TransformError) as error:
        continual(graph)
    assert str(error.value) == (
        "attention: attention needs all 12 frames of the clip at once and cannot run frame by frame; leave "
        "it out, or let every frame attend to itself alone (over: frame) or to the last ones too "
        "(over: window, frames: N)"
    )


def test_source_of_attention_gives_the_same():
    graph = Graph("attention", SOURCE, (Node("attention", Attention(softmax=False), ("input",) * 3),))
    space: dict[str, type[nn.Module]] = {}
    exec(source_text(graph), space)
    clip = frames(graph, 12)
    assert_near(space["Attention"]()(clip), clip_network(graph)(clip))


LAST = {
    "itself": Attention(over="frame"),
    "itself, by number": Attention(over="frame", softmax=False),
    "the last 3": Attention(over="window", frames=3),
    "the last 4, by number": Attention(over="window", frames=4, softmax=False),
}


def graph_of(op: Attention) -> Graph:
    """Attention whose key comes two frames late, and its query one."""
    nodes = (
        Node("query", Conv(channels=3, kernel=(3, 1, 1)), ("input",)),
        Node("key", Conv(channels=3, kernel=(5, 2, 2), stride=(1, 2, 2)), ("input",)),
        Node("value", Conv(channels=2, stride=(1, 2, 2), kernel=(1, 2, 2)), ("input",)),
        Node("attention", op, ("query", "key", "value")),
        Node("end", Conv(channels=2, bias=True), ("attention",)),
    )
    return Graph("attention", SOURCE, nodes)


def masked(op: Attention, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """All frames at once, those out of reach masked, by torch's own function where it can."""
    reach = op.frames or 1
    ages = torch.arange(query.shape[2])[:, None] - torch.arange(query.shape[2])
    there = (ages >= 0) & (ages < reach)
    there = there.repeat_interleave(query[0, 0, 0].numel(), 0).repeat_interleave(key[0, 0, 0].numel(), 1)
    flat = [each.flatten(2).transpose(1, 2) for each in (query, key, value)]
    if op.softmax:
        found = functional.scaled_dot_product_attention(*flat, attn_mask=there)
    else:
        pairs = flat[0] @ flat[1].transpose(1, 2)
        found = (pairs * there / there.sum(1, keepdim=True)) @ flat[2]
    return found.transpose(1, 2).reshape(len(query), -1, *query.shape[2:])


@pytest.mark.parametrize("op", LAST.values(), ids=LAST)
def test_each_frame_attends_to_the_last_ones_alone(op: Attention):
    graph = graph_of(op)
    network, clip = clip_network(graph), frames(graph, 12)
    with network.recording() as record:
        network(clip)
    query, key, value, found = (record[name][0][1] for name in ("query", "key", "value", "attention"))
    assert_near(found, masked(op, query, key, value))


@pytest.mark.parametrize("op", LAST.values(), ids=LAST)
def test_a_stream_of_it_equals_its_clip_from_the_first_frame(op: Attention):
    graph = graph_of(op)
    stream, clip = stream_network(graph), frames(graph, 12)
    # The last two frames wait for the key.
    assert_near(answered(stream, clip), clip_network(graph)(clip)[:, :, :10])
    reach = 5 + op.reach - 1
    assert analyze(stream.graph).totals["receptive_field"] == reach
    assert_near(stream(clip), answered(stream_network(graph), clip)[:, :, reach - 3 :])


def test_streams_that_start_later_attend_to_frames_of_their_own():
    graph = Graph("attention", SOURCE, (Node("attention", LAST["the last 3"], ("input",) * 3),))
    stream, clip = stream_network(graph), frames(graph, 6)
    stream.forward_steps(clip[:, :, :2])
    stream.reset([1])
    late, _ = stream.forward_steps(clip[:, :, 2:])
    assert_near(late[1:], answered(stream_network(graph), clip[1:, :, 2:]))
    assert_near(late[:1], answered(stream_network(graph), clip[:1])[:, :, 2:])


def test_it_keeps_keys_and_values_of_the_frames_before():
    totals = analyze(continual(graph_of(LAST["the last 3"]))).rows
    (kept,) = (row["state_floats"] for row in totals if row["name"] == "attention")
    assert kept == 2 * (3 + 2) * 4 * 4


def test_a_step_counts_as_the_function_that_its_clip_is_written_as():
    rows = analyze(continual(graph_of(LAST["the last 3"])), convention="ptflops").rows
    (counted,) = (row["count"] for row in rows if row["name"] == "attention")
    pairs = 36 * 3 * 16
    assert counted == (3 + 2) * pairs + pairs + pairs  # the products, the scale, the softmax


def test_heads_of_a_window_stream_as_the_clip_runs():
    source = SOURCE._replace(channels=6)
    op = Attention(over="window", frames=3, heads=3)
    graph = Graph("attention", source, (Node("attention", op, ("input",) * 3),))
    stream, clip = stream_network(graph), frames(graph, 12)
    whole = clip_network(graph)(clip)
    assert_near(answered(stream, clip), whole)
    parts = [masked(Attention(over="window", frames=3), *[clip[:, at : at + 2]] * 3) for at in (0, 2, 4)]
    assert_near(whole, torch.cat(parts, 1))


@pytest.mark.parametrize(
    "op",
    [
        Attention(heads=2),
        Attention(over="time"),
        Attention(over="time", heads=2),
        Attention(over="frame", heads=2),
    ],
    ids=str,
)
def test_source_of_heads_and_of_attention_over_time_gives_the_same(op: Attention):
    source = SOURCE._replace(channels=6)
    graph = Graph("attention", source, (Node("attention", op, ("input",) * 3),))
    space: dict[str, type[nn.Module]] = {}
    exec(source_text(graph), space)
    clip = frames(graph, 12)
    assert_near(space["Attention"]()(clip), clip_network(graph)(clip))


def test_attention_over_time_has_no_stream():
    graph = Graph("attention", SOURCE, (Node("attention", Attention(over="time"), ("input",) * 3),))
    with pytest.raises(TransformError, match="attention: attention needs all 12 frames of the clip at once"):
        continual(graph)


def test_source_of_attention_over_frames_gives_the_same():
    graph = graph_of(LAST["the last 3"])
    space: dict[str, type[nn.Module]] = {}
    exec(source_text(graph), space)
    clip, network = frames(graph, 12), clip_network(graph)
    written = space["Attention"]().double()
    written.load_state_dict(network.state_dict())
    assert_near(written(clip), network(clip))


@pytest.mark.parametrize(
    ("op", "key", "message"),
    [
        (Attention(over="window"), SOURCE, "frames 0 over a window; only a window has frames, 1 or more"),
        (Attention(heads=5), SOURCE, f"5 heads do not divide {SOURCE.channels} channels"),
        (Attention(frames=2), SOURCE, "frames 2 over a clip; only a window has frames, 1 or more"),
        (
            Attention(over="window", frames=13),
            SOURCE,
            "attends to the last 13 frames of a clip of 12; let it attend to fewer, or give it more frames",
        ),
        (
            Attention(over="frame"),
            SOURCE.with_time(6),
            "a query of 12 and a key of 6 frames; only over the clip they may differ",
        ),
    ],
)
def test_frames_that_do_not_fit_are_refused(op: Attention, key: TensorType, message: str):
    with pytest.raises(ShapeError) as error:
        infer(op, (SOURCE, key, key))
    assert str(error.value) == message


def test_behind_a_pool_over_the_clip_a_window_is_refused():
    nodes = (
        Node("pool", GlobalPool(), ("input",)),
        Node("attention", Attention(over="window", frames=1), ("pool",) * 3),
    )
    assert continual(Graph("attention", SOURCE, nodes)).types["attention"].time == 1
    deep = replace(nodes[0], op=GlobalPool(kernel=(None, 1, 1))), replace(nodes[1], op=LAST["the last 3"])
    with pytest.raises(ShapeError, match="attends to the last 3 frames of a clip of 1"):
        continual(Graph("attention", SOURCE, deep))
