"""Recurrent layers on maps give what their papers print, on clips and frame by frame."""

import pytest
import torch
from torch import Tensor
from torch_layers import ConvRecurrent

from costmodel import TensorType
from costmodel.analysis.saved import saved_by
from costmodel.emit.modules import layer_for
from costmodel.errors import TransformError
from costmodel.ops import Conv, ConvGru, ConvLstm, GlobalPool, Shift
from costmodel.transforms.continual import continual
from tests.shared.emitted import answered, assert_near, chain, clip_network, frames, stream_network

OPS = [ConvLstm(5), ConvLstm(3, 5, bias=False, peepholes=True), ConvGru(5), ConvGru(3, 1, bias=False)]


@pytest.mark.parametrize("op", OPS)
def test_a_recurrent_layer_on_maps_gives_what_its_paper_prints(op: ConvLstm | ConvGru):
    graph = chain(op)
    network, clip = clip_network(graph), frames(graph, 12)
    plain = ConvRecurrent(op, graph.source).double()
    plain.load_state_dict({name.rpartition(".")[2]: value for name, value in network.state_dict().items()})
    with torch.no_grad():
        expected = plain(clip)
    assert_near(network(clip), expected)
    assert_near(answered(stream_network(graph), clip), expected)


def test_its_positions_see_each_other():
    graph = chain(ConvGru(2))
    network, clip = clip_network(graph), frames(graph, 12)
    changed = clip.clone()
    changed[:, :, 0, 0, 0] += 1
    differs = (network(clip) - network(changed)).abs().amax((0, 1)) > 0
    # n's convolution sees r H, whose r has seen the neighbours of H: two positions more with each frame.
    assert [int(each.sum()) for each in differs[:3]] == [4, 16, 36]


REMEMBERING = (Conv(channels=6, kernel=(3, 3, 3)), ConvLstm(5), Shift(), ConvGru(3))


def test_a_stream_that_remembers_maps_equals_its_clip_from_the_first_answer():
    graph = chain(*REMEMBERING)
    stream, clip = stream_network(graph), frames(graph, 12)
    outputs = answered(stream, clip)
    assert outputs.shape[2] == 12
    assert_near(stream(clip), outputs)
    assert_near(clip_network(graph)(clip), outputs)


def test_behind_a_pool_over_the_clip_it_is_refused():
    with pytest.raises(
        TransformError, match="layer1: conv_gru remembers frames behind a pool over the whole"
    ):
        continual(chain(GlobalPool(), ConvGru(5)))


@pytest.mark.parametrize("op", [ConvLstm(5, peepholes=True), ConvGru(5)])
def test_training_keeps_the_numbers_predicted(op: ConvLstm | ConvGru):
    x = TensorType(4, 3, 6, 6)
    layer, clip = layer_for(op, (x,)), torch.randn(1, *map(int, x))
    held: dict[int, Tensor] = {}
    with torch.autograd.graph.saved_tensors_hooks(
        lambda kept: held.setdefault(kept.untyped_storage().data_ptr(), kept), lambda kept: kept
    ):
        layer(clip)
    given = {each.untyped_storage().data_ptr() for each in (clip, *layer.parameters())}
    floats = sum(kept.untyped_storage().nbytes() // 4 for at, kept in held.items() if at not in given)
    saved = saved_by(op, (x,))
    assert saved.inputs
    assert saved.own == floats
