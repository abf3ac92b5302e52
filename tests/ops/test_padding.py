"""Padding and what pools make of it: the same values as torch's layers, in a clip, a stream and as source."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel import continual
from costmodel.emit.source import source_text
from costmodel.errors import SpecError, TransformError
from costmodel.ops import AvgPool, Conv, MaxPool, Op, infer
from costmodel.spec import elaborate, from_text
from costmodel.spec.write import dump
from costmodel.types import TensorType
from tests.shared.emitted import assert_near, chain, clip_network, frames, stream_network

SAME = ("same",) * 3


def port_average(x: Tensor) -> Tensor:
    """The average pool of MoViNet's port that gives what TensorFlow gives (`tf_like`)."""
    if x.shape[-1] % 2:
        return functional.avg_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1), count_include_pad=False)
    x = functional.avg_pool3d(functional.pad(x, (0, 1, 0, 1)), (1, 3, 3), (1, 2, 2))
    x[..., -1] = x[..., -1] * 9 / 6
    x[..., -1, :] = x[..., -1, :] * 9 / 6
    return x


POOLS: list[tuple[Op, Callable[[Tensor], Tensor]]] = [
    (AvgPool(kernel=(1, 3, 3), stride=(1, 2, 2), padding=SAME, count_include_pad=False), port_average),
    (
        AvgPool(kernel=(3, 3, 2), stride=(2, 2, 3), padding=(1, 1, 0), ceil_mode=True),
        nn.AvgPool3d((3, 3, 2), (2, 2, 3), (1, 1, 0), ceil_mode=True),
    ),
    (
        AvgPool(
            kernel=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1), ceil_mode=True, count_include_pad=False
        ),
        nn.AvgPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1), ceil_mode=True, count_include_pad=False),
    ),
    (
        MaxPool(kernel=(2, 3, 2), stride=(2, 2, 3), padding=(1, 1, 0), ceil_mode=True),
        nn.MaxPool3d((2, 3, 2), (2, 2, 3), (1, 1, 0), ceil_mode=True),
    ),
    (
        MaxPool(kernel=(3, 3, 3), stride=(1, 2, 2), padding=(1, (0, 1), (1, 0))),
        lambda x: functional.max_pool3d(
            functional.pad(x, (1, 0, 0, 1, 1, 1), value=float("-inf")), 3, (1, 2, 2)
        ),
    ),
]


@pytest.mark.parametrize("side", [6, 7])
@pytest.mark.parametrize(("op", "peer"), POOLS)
def test_a_pool_gives_what_torchs_gives(op: Op, peer: Callable[[Tensor], Tensor], side: int):
    graph = chain(op, source=TensorType(4, 9, side, side))
    clip = frames(graph, 9)
    expected = peer(clip)
    assert_near(clip_network(graph)(clip), expected)
    outputs, _ = stream_network(graph).forward_steps(clip)
    known = min(outputs.shape[2], expected.shape[2])
    assert known >= expected.shape[2] - 2
    inside = known - (graph.types["layer0"].time > outputs.shape[2])
    assert_near(outputs[:, :, :inside], expected[:, :, :inside])


@pytest.mark.parametrize("state", ["clip", "partial", "window"])
@pytest.mark.parametrize(
    "op",
    [
        *(op for op, _ in POOLS),
        AvgPool(kernel=(3, 3, 3), padding=(1, (0, 1), (2, 0)), count_include_pad=True),
        Conv(channels=3, kernel=(3, 3, 3), stride=(1, 2, 2), padding=("same", "same", (0, 1)), bias=True),
        Conv(channels=3, kernel=(3, 3, 3), padding=((2, 0), "same", 1), groups=1),
    ],
)
def test_source_gives_the_same(op: Op, state: str):
    graph = chain(op)
    graph = graph if state == "clip" else continual(graph, state=state)  # type: ignore[arg-type]
    network = clip_network(graph) if state == "clip" else stream_network(graph)
    space: dict[str, type[nn.Module]] = {}
    exec(source_text(graph), space)
    written = space["Chain"]().double().eval()
    written.load_state_dict(network.state_dict())
    clip = frames(graph, 12)
    expected = network(clip) if state == "clip" else network.forward_steps(clip)[0]
    found = written(clip)
    assert_near(found, expected)


@pytest.mark.parametrize(
    ("size", "stride", "kernel"), [(86, 2, 3), (43, 2, 5), (7, 3, 2), (9, 4, 1), (8, 1, 4)]
)
def test_same_gives_as_many_outputs_as_strides_begin(size: int, stride: int, kernel: int):
    op = Conv(channels=1, kernel=(1, kernel, kernel), stride=(1, stride, stride), padding=SAME)
    assert infer(op, (TensorType(1, 1, size, size),)).width == -(-size // stride)


def test_padding_is_read_and_written_back():
    text = "name: n\ninput: {channels: 2, time: 4, height: 6, width: 6}\nnetwork:\n"
    fields = "kernel: [1, 3, 3], padding: [0, same, [1, 0]], name: pool, count_include_pad: false"
    graph = elaborate(from_text(f"{text}  - avg_pool: {{{fields}}}\n"))
    assert graph.nodes[0].op.padding == (0, "same", (1, 0))
    assert elaborate(from_text(dump(graph))).nodes == graph.nodes
    with pytest.raises(SpecError, match="3 values, expected two: ahead and behind"):
        elaborate(from_text(f"{text}  - conv: {{channels: 2, padding: [0, 0, [1, 2, 3]]}}\n"))


def test_a_mean_without_its_padding_in_time_is_refused_in_a_stream():
    with pytest.raises(
        TransformError, match=r"^layer0: avg_pool leaves the frames of its padding out of its"
    ):
        continual(chain(AvgPool(kernel=(3, 1, 1), count_include_pad=False)))


def test_no_buffer_of_a_pool_is_part_of_its_weights():
    network = clip_network(chain(POOLS[0][0]))
    assert network.state_dict() == {}
    assert network.layers["layer0"].get_buffer("in_space").dtype == torch.float64
