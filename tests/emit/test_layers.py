"""Layers that torch has too give what torch's give, on clips and frame by frame."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel import TensorType
from costmodel.emit.source import source_text
from costmodel.errors import EmitError, TransformError
from costmodel.graph import Graph, Node
from costmodel.ops import (
    Attention,
    Conv,
    GlobalPool,
    Gru,
    Lstm,
    Op,
    PadChannels,
    Relu6,
    Shift,
    Shuffle,
    Split,
)
from costmodel.transforms.continual import continual
from tests.shared.emitted import SOURCE, assert_near, chain, clip_network, frames, stream_network

LAYERS: list[tuple[Op, Callable[[Tensor], Tensor]]] = [
    (Relu6(), functional.relu6),
    (Shuffle(groups=2), nn.ChannelShuffle(2)),
    (Split(part=2), lambda x: x[:, 2:]),
    (PadChannels(channels=7), lambda x: torch.cat([x, torch.zeros_like(x[:, :3])], 1)),
    (Shift(frames=2), lambda x: torch.cat([torch.zeros_like(x[:, :, :2]), x[:, :, :-2]], 2)),
]


def torch_layer(network: nn.Module, kind: type[nn.LSTM] | type[nn.GRU]) -> nn.Module:
    """Torch's own recurrent layer with the values of a network of one."""
    layer = kind(4, 5, batch_first=True).double()
    layer.load_state_dict(
        {f"{name.rpartition('.')[2]}_l0": value for name, value in network.state_dict().items()}
    )
    return layer


def answered(network: nn.Module, clip: Tensor) -> Tensor:
    """A stream's answers to a clip, as maps."""
    outputs, valid = network.forward_steps(clip)
    assert bool(valid.all())
    return outputs


@pytest.mark.parametrize(("op", "peer"), LAYERS, ids=lambda value: getattr(type(value), "word", ""))
def test_a_layer_gives_what_torchs_gives(op: Op, peer: Callable[[Tensor], Tensor]):
    graph = chain(op)
    clip = 4 * frames(graph, 12)
    assert torch.equal(clip_network(graph)(clip), peer(clip))
    stream = stream_network(graph)
    ahead = -min(stream.program.delay, 0)  # a shift's stream answers from a later frame on
    found, expected = answered(stream, clip), peer(clip)[:, :, ahead:]
    assert torch.equal(found[:, :, : expected.shape[2]], expected)


@pytest.mark.parametrize(("op", "kind"), [(Lstm(channels=5), nn.LSTM), (Gru(channels=5), nn.GRU)])
def test_a_recurrent_layer_gives_what_torchs_gives(op: Op, kind: type[nn.LSTM] | type[nn.GRU]):
    graph = chain(op, source=TensorType(4, 12, 1, 1))
    network, clip = clip_network(graph), frames(graph, 12)
    expected = torch_layer(network, kind)(clip[..., 0, 0].transpose(1, 2))[0].transpose(1, 2)
    assert_near(network(clip)[..., 0, 0], expected)
    assert_near(answered(stream_network(graph), clip), expected)


@pytest.mark.parametrize("op", [Lstm(channels=5), Gru(channels=5)])
def test_a_recurrent_layer_on_maps_remembers_each_position(op: Op):
    graph = chain(op)
    network, clip = clip_network(graph), frames(graph, 12)
    corner = clip_network(chain(op, source=TensorType(4, 12, 1, 1)))
    corner.load_state_dict(network.state_dict())
    assert_near(network(clip)[:, :, :, :1, 3:4], corner(clip[:, :, :, :1, 3:4]))


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
        "it out, or let every frame attend to itself alone"
    )


def test_a_recurrent_layer_behind_a_pool_over_the_clip_is_refused():
    with pytest.raises(
        TransformError, match="layer1: lstm remembers frames behind a pool over the whole clip"
    ):
        continual(chain(GlobalPool(), Lstm(channels=5)))


REMEMBERING = (Conv(channels=6, kernel=(3, 3, 3)), Lstm(channels=5), Shift(), Gru(channels=3))


def test_a_stream_that_remembers_for_ever_equals_its_clip_from_the_first_answer():
    graph = chain(*REMEMBERING)
    stream, clip = stream_network(graph), frames(graph, 12)
    outputs = answered(stream, clip)
    assert outputs.shape[2] == 12
    assert_near(stream(clip), outputs)
    assert_near(clip_network(graph)(clip), outputs)


def test_such_a_stream_refuses_a_clip_without_an_answer():
    stream = stream_network(chain(*REMEMBERING))
    with pytest.raises(EmitError, match="1 frames, expected more than the delay of 1"):
        stream(frames(stream.graph, 1))


@pytest.mark.parametrize("is_stream", [False, True])
def test_source_gives_the_same(is_stream: bool):
    ops = (*REMEMBERING, PadChannels(channels=6), Shuffle(groups=3), Split(part=3, parts=3), Relu6())
    graph = continual(chain(*ops)) if is_stream else chain(*ops)
    network = stream_network(graph) if is_stream else clip_network(graph)
    space: dict[str, type[nn.Module]] = {}
    exec(source_text(graph), space)
    written = space["Chain"]().double().eval()
    written.load_state_dict(network.state_dict())
    clip = frames(graph, 12)
    expected = answered(network, clip) if is_stream else network(clip)
    assert_near(written(clip), expected)


def test_source_of_attention_gives_the_same():
    graph = Graph("attention", SOURCE, (Node("attention", Attention(softmax=False), ("input",) * 3),))
    space: dict[str, type[nn.Module]] = {}
    exec(source_text(graph), space)
    clip = frames(graph, 12)
    assert_near(space["Attention"]()(clip), clip_network(graph)(clip))
