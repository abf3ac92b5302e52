"""Norms by statistics of their own input: torch's values, clip and stream, and what a stream refuses."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel import continual
from costmodel.emit.source import source_text
from costmodel.errors import ShapeError, TransformError
from costmodel.ops import Flatten, GroupNorm, InstanceNorm, LayerNorm, Linear, Op, RmsNorm
from costmodel.ops.base import infer
from costmodel.types import TensorType
from tests.shared.emitted import assert_near, chain, clip_network, frames, stream_network

EPS = 1e-5


def each_frame(norm: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda x: torch.stack([norm(frame) for frame in x.unbind(2)], 2)


def on_last(norm: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda x: norm(x.movedim(1, -1)).movedim(-1, 1)


NORMS: list[tuple[Op, Callable[[Tensor], Tensor]]] = [
    (LayerNorm(affine=False), on_last(lambda x: functional.layer_norm(x, (4,)))),
    (GroupNorm(groups=2, affine=False), each_frame(lambda x: functional.group_norm(x, 2))),
    (GroupNorm(groups=2, affine=False, over="clip"), lambda x: functional.group_norm(x, 2)),
    (InstanceNorm(), each_frame(functional.instance_norm)),
    (InstanceNorm(over="clip"), functional.instance_norm),
]


@pytest.mark.parametrize(("op", "peer"), NORMS)
def test_a_norm_gives_what_torchs_gives(op: Op, peer: Callable[[Tensor], Tensor]):
    graph = chain(op)
    clip = frames(graph, 12)
    assert_near(clip_network(graph)(clip), peer(clip))


@pytest.mark.parametrize("op", [LayerNorm(), RmsNorm(), GroupNorm(groups=2), InstanceNorm(affine=True)])
def test_a_stream_and_source_answer_as_the_clip_does(op: Op):
    graph = chain(op)
    network, clip = clip_network(graph), frames(graph, 12)
    expected = network(clip)
    assert_near(stream_network(graph).forward_steps(clip)[0], expected)
    space: dict[str, type[nn.Module]] = {}
    exec(source_text(graph), space)
    written = space["Chain"]().double()
    written.load_state_dict(network.state_dict())
    assert_near(written(clip), expected)


@pytest.mark.parametrize("op", [GroupNorm(groups=2, over="clip"), InstanceNorm(over="clip")])
def test_a_norm_over_the_clip_is_refused_in_a_stream(op: Op):
    with pytest.raises(TransformError) as error:
        continual(chain(op))
    assert str(error.value) == (
        f"layer0: {op.word} takes its mean and variance over all 12 frames of the clip, which a stream never "
        "has; `over: frame` normalises each frame alone"
    )


def test_groups_that_do_not_divide_the_channels_are_named():
    with pytest.raises(ShapeError, match=r"^layer0: 3 groups do not divide 4 channels$"):
        chain(GroupNorm(groups=3)).types  # noqa: B018


@pytest.mark.parametrize("op", [InstanceNorm(), GroupNorm(groups=4), InstanceNorm(over="clip")])
def test_a_norm_over_a_single_value_is_refused(op: Op):
    told = "a mean and a variance over a single value: 4 channels in 4 groups on a map of 1 x 1"
    with pytest.raises(ShapeError, match=told):
        infer(op, (TensorType(4, 1, 1, 1),))
    assert infer(GroupNorm(groups=2), (TensorType(4, 1, 1, 1),)) == TensorType(4, 1, 1, 1)


def test_a_flatten_of_frames_names_the_convolution_that_computes_the_same():
    with pytest.raises(TransformError) as error:
        continual(chain(Flatten(), Linear(6), source=TensorType(4, 4, 2, 2)))
    assert "a conv `kernel: [4, 2, 2], padding: 0, bias: true` computes the same" in str(error.value)
    assert continual(chain(Flatten(), Linear(6), source=TensorType(4, 1, 2, 2))).is_stream
