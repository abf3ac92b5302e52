"""Pools to a size: in a stream all frames in one window, or each frame alone; to other numbers refused."""

from __future__ import annotations

import pytest
import sympy
import torch
from torch.nn import functional

from costmodel import Graph, analyze, continual
from costmodel.errors import TransformError
from costmodel.ops import AdaptiveAvgPool, AdaptiveMaxPool, Conv, GlobalPool, Op
from costmodel.ops.base import PoolTriple
from costmodel.transforms.causal import Causal
from costmodel.transforms.continual import Continual
from costmodel.types import TensorType
from costmodel.validation.validate import validate
from tests.shared.emitted import assert_near, chain, clip_network, frames, stream_network

POOLS = (AdaptiveAvgPool, AdaptiveMaxPool)
AHEAD = Conv(channels=3, kernel=(3, 1, 1), stride=(2, 1, 1))


def pooled(op: Op) -> Graph:
    return chain(AHEAD, op, Conv(channels=2))


@pytest.mark.parametrize("pool", POOLS)
def test_frames_pooled_alone_are_a_clips(pool: type[AdaptiveAvgPool]):
    graph = pooled(pool(size=(None, 4, 5)))
    stream, clip = stream_network(graph), frames(graph, 12)
    outputs, _ = stream.forward_steps(clip)
    assert_near(outputs, clip_network(graph)(clip)[:, :, : outputs.shape[2]])


@pytest.mark.parametrize("state", ["partial", "window"])
@pytest.mark.parametrize("pool", POOLS)
def test_all_frames_pooled_are_the_last_of_a_clip(pool: type[AdaptiveAvgPool], state: str):
    graph = pooled(pool(size=(1, 4, 5)))
    stream, clip = stream_network(graph, state=state), frames(graph, 12)
    outputs, _ = stream.forward_steps(torch.cat((clip, torch.zeros_like(clip[:, :, :1])), 2))
    assert_near(outputs[:, :, 0], clip_network(graph)(clip)[:, :, 0])


@pytest.mark.parametrize("size", [(1, 4, 5), (1, 1, 1), (None, 2, 1), (1, None, 3)])
@pytest.mark.parametrize("pool", POOLS)
def test_every_figure_of_a_stream_holds(pool: type[AdaptiveAvgPool], size: PoolTriple):
    graph = pooled(pool(size=size))
    for each in (graph, continual(graph), Continual(pool=9)(graph) if size[0] else graph):
        assert [check for check in validate(each) if check.holds is False] == []


def test_a_pool_to_one_value_is_a_global_pool_and_goes_on_as_one():
    graphs = [pooled(op) for op in (AdaptiveAvgPool(size=(1, 1, 1)), GlobalPool())]
    for head_pool in ("window", "cumulative"):
        ours, its = (analyze(Continual(head_pool=head_pool)(graph)).totals for graph in graphs)
        assert ours == its


def test_parts_of_the_map_cannot_go_on():
    with pytest.raises(TransformError, match="adaptive_avg_pool over parts of the map cannot go on"):
        Continual(head_pool="cumulative")(pooled(AdaptiveAvgPool(size=(1, 2, 2))))


@pytest.mark.parametrize(
    ("frames_kept", "repair"),
    [(2, "put avg_pool with a kernel and a stride of 3 in time, or give it"), (4, "give it")],
)
def test_some_frames_are_refused_in_a_stream(frames_kept: int, repair: str):
    with pytest.raises(TransformError) as error:
        continual(pooled(AdaptiveAvgPool(size=(frames_kept, 1, 1))))
    assert str(error.value) == (
        f"layer1: adaptive_avg_pool pools the 6 frames of a clip to {frames_kept}, and a stream has no last "
        f"frame; {repair} a size of 1 (all frames) or `all` (each frame alone) in time"
    )


def test_some_frames_are_refused_where_none_to_come_may_be_seen():
    with pytest.raises(TransformError, match="divides all frames of the clip, those to come as well"):
        Causal()(pooled(AdaptiveMaxPool(size=(4, 1, 1))))


def test_an_even_pool_in_time_is_the_pool_that_the_refusal_names():
    clip = frames(chain(AHEAD), 12)
    ours = clip_network(chain(AdaptiveAvgPool(size=(4, None, None))))(clip)
    assert_near(ours, functional.avg_pool3d(clip, (3, 1, 1)))


def test_symbols_give_what_numbers_give():
    height = sympy.Symbol("h", integer=True, positive=True)
    op = AdaptiveAvgPool(size=(1, 3, 1))
    work = op.work(TensorType(2, 4, height, 7))
    assert {
        kind: amount.subs(height, 8) if hasattr(amount, "subs") else amount for kind, amount in work.items()
    } == (op.work(TensorType(2, 4, 8, 7)))
