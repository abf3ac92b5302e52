"""Operations that are counted wrong, of any kind, are found."""

from collections.abc import Mapping

import pytest
from checked import residual
from small_clips import clip

from costmodel import continual
from costmodel.graph import Graph
from costmodel.numbers import Size
from costmodel.ops import Add, AvgPool, BatchNorm, Conv, Lstm, MaxPool, Op, Relu
from costmodel.types import TensorType
from costmodel.validation.operations import check_operations

POOLS = (
    "- max_pool: {kernel: 3, stride: 2}\n- avg_pool: {kernel: [3, 1, 1], dilation: [2, 1, 1]}\n"
    "- gate: {x: [], g: [global_pool, conv: {channels: 4, bias: true}, sigmoid]}\n- lstm: {channels: 3}\n"
    "- prelu\n- layer_norm\n- global_pool"
)
STREAMS = {state: continual(clip(POOLS), state=state) for state in ("partial", "window")}
GRAPHS = {"clip": clip(POOLS), **STREAMS, "residual": residual(), "residual stream": continual(residual())}


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
def test_operations_are_what_running_layers_dispatch(graph: Graph):
    found = list(check_operations(graph))
    assert len(found) > 4
    assert [check for check in found if not check.holds] == []


@pytest.mark.parametrize(
    ("name", "op", "kind", "told"),
    [
        ("residual stream", Conv, "bias.conv", "bias"),
        ("residual", BatchNorm, "norm", "norm"),
        ("partial", MaxPool, "pool.max.taps", "pool.max.taps"),
        ("clip", MaxPool, "pool.max.taps", "pool.max.taps"),
        ("window", AvgPool, "pool.avg.outputs", "pool.avg.outputs"),
        ("clip", AvgPool, "pool.avg.inputs", "pool.avg.inputs"),
        ("residual stream", Relu, "activation.relu", "activation.relu"),
        ("residual stream", Add, "add", "add"),
        ("partial", Lstm, "gates.mul", "mul"),
    ],
)
def test_a_kind_that_is_counted_twice_is_found(
    name: str, op: type[Op], kind: str, told: str, monkeypatch: pytest.MonkeyPatch
):
    honest = op.work

    def double(layer: Op, *inputs: TensorType) -> Mapping[str, Size]:
        work = honest(layer, *inputs)
        return {**work, kind: 2 * work[kind]} if kind in work else work

    monkeypatch.setattr(op, "work", double)
    wrong = [check.what for check in check_operations(GRAPHS[name]) if not check.holds]
    assert wrong == [f"operations.{told}"]
