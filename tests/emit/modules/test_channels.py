"""Layers that move channels or frames give what torch's give, on clips, frame by frame, and as source."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel.emit.source import source_text
from costmodel.ops import (
    Conv,
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
from tests.shared.emitted import answered, assert_near, chain, clip_network, frames, stream_network

LAYERS: list[tuple[Op, Callable[[Tensor], Tensor]]] = [
    (Relu6(), functional.relu6),
    (Shuffle(groups=2), nn.ChannelShuffle(2)),
    (Split(part=2), lambda x: x[:, 2:]),
    (PadChannels(channels=7), lambda x: torch.cat([x, torch.zeros_like(x[:, :3])], 1)),
    (Shift(frames=2), lambda x: torch.cat([torch.zeros_like(x[:, :, :2]), x[:, :, :-2]], 2)),
]


@pytest.mark.parametrize(("op", "peer"), LAYERS, ids=lambda value: getattr(type(value), "word", ""))
def test_a_layer_gives_what_torchs_gives(op: Op, peer: Callable[[Tensor], Tensor]):
    graph = chain(op)
    clip = 4 * frames(graph, 12)
    assert torch.equal(clip_network(graph)(clip), peer(clip))
    stream = stream_network(graph)
    ahead = -min(stream.program.delay, 0)  # a shift's stream answers from a later frame on
    found, expected = answered(stream, clip), peer(clip)[:, :, ahead:]
    assert torch.equal(found[:, :, : expected.shape[2]], expected)


REMEMBERING = (Conv(channels=6, kernel=(3, 3, 3)), Lstm(channels=5), Shift(), Gru(channels=3))


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
