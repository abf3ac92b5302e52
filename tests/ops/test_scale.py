"""Learned factors and addends: the same in a clip and its stream, and refused where they number frames."""

import pytest
import torch

from costmodel import continual
from costmodel.errors import TransformError
from costmodel.ops import Bias, Op, Scale
from tests.shared.emitted import assert_near, chain, clip_network, frames, stream_network


@pytest.mark.parametrize("op", [Scale(per="one"), Scale(per="map"), Bias(), Bias(per="map")])
def test_a_stream_answers_as_the_clip_does(op: Op):
    graph = chain(op)
    stream, clip = stream_network(graph), frames(graph, 12)
    outputs, _ = stream.forward_steps(clip)
    assert_near(outputs, clip_network(graph)(clip))
    assert not torch.equal(outputs, clip)


def test_a_bias_of_frames_has_a_value_for_each_frame_of_the_clip():
    network = clip_network(chain(Bias(per="frame")))
    values = network.layers["layer0"].get_parameter("bias")
    assert values.shape == (4, 12)
    clip = frames(network.graph, 12)
    assert_near(network(clip) - clip, values[:, :, None, None].expand(2, -1, -1, 6, 6))


@pytest.mark.parametrize("op", [Scale(per="frame"), Bias(per="value")])
def test_values_for_each_frame_are_refused_in_a_stream(op: Op):
    with pytest.raises(TransformError) as error:
        continual(chain(op))
    assert str(error.value) == (
        f"layer0: {op.word} has values of its own for each of the 12 frames of a clip, and a stream has no "
        "first frame; give it `per: map` or `per: channel`"
    )
