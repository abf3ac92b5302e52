"""Attention over the frames of a clip, and where there is only one."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from costmodel.emit.source import source_text
from costmodel.errors import TransformError
from costmodel.graph import Graph, Node
from costmodel.ops import (
    Attention,
)
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
        "it out, or let every frame attend to itself alone"
    )


def test_source_of_attention_gives_the_same():
    graph = Graph("attention", SOURCE, (Node("attention", Attention(softmax=False), ("input",) * 3),))
    space: dict[str, type[nn.Module]] = {}
    exec(source_text(graph), space)
    clip = frames(graph, 12)
    assert_near(space["Attention"]()(clip), clip_network(graph)(clip))
