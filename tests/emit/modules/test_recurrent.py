"""Recurrent layers give what torch's give, and remember for ever, on clips and frame by frame."""

import pytest
from torch import nn

from costmodel import TensorType
from costmodel.errors import EmitError, TransformError
from costmodel.ops import (
    Conv,
    GlobalPool,
    Gru,
    Lstm,
    Op,
    Shift,
)
from costmodel.transforms.continual import continual
from tests.shared.emitted import answered, assert_near, chain, clip_network, frames, stream_network


def torch_layer(network: nn.Module, kind: type[nn.LSTM] | type[nn.GRU]) -> nn.Module:
    """Torch's own recurrent layer with the values of a network of one."""
    layer = kind(4, 5, batch_first=True).double()
    layer.load_state_dict(
        {f"{name.rpartition('.')[2]}_l0": value for name, value in network.state_dict().items()}
    )
    return layer


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
