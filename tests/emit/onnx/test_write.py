"""Streams as ONNX of rank 4: what is in the file, and that it answers as the module does."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from costmodel import Graph, Node, TensorType, continual, load
from costmodel.emit import StreamNetwork, emit, randomise
from costmodel.emit.export import export_onnx_frames
from costmodel.errors import EmitError
from costmodel.network import Network
from costmodel.ops import Attention, Conv, GlobalPool, LayerNorm, Op, Shift, WindowAttention
from costmodel.transforms.continual import Continual
from reports.gallery import Entry
from tests.emit.test_export import strided
from tests.shared.forms import as_onnx_of_rank_4, assert_alike, module_answers

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

FAMILIES = {
    "shifts behind others": Entry(
        "d_resnet", "R18-sum", {"crop": 32, "frames": 4, "blocks3": 1, "blocks4": 1}
    ),
    "streams of movinet": Entry("movinet", "A0-stream", {"crop": 32}),
    "shares of channels": Entry("tsm", None, {"crop": 32}),
}


def stream(graph: Graph) -> StreamNetwork:
    network = emit(graph).eval()
    assert isinstance(network, StreamNetwork)
    randomise(network, 3)
    return network


def written(network: StreamNetwork, folder: Path, **layout: Any) -> Any:
    export_onnx_frames(network, folder / "net.onnx", **layout)
    return onnx.load(folder / "net.onnx")


def must_agree(network: StreamNetwork, folder: Path, steps: int, batch: int = 1, **layout: Any) -> None:
    source = network.graph.source
    shape = (batch, source.channels, steps, source.height, source.width)
    clip = torch.randn(shape, generator=torch.Generator().manual_seed(5))
    found = as_onnx_of_rank_4(network, clip, folder, **layout)
    assert_alike(found, module_answers(network, clip), 1e-4)


def x3d() -> Graph:
    # a block in each stage
    return continual(load("x3d", crop=32, frames=4, gamma_d=0.2))


def test_x3d_answers_as_its_module_does_over_200_frames(tmp_path: Path):
    must_agree(stream(x3d()), tmp_path, 200)


@pytest.mark.parametrize("run", [{}, {"is_masked": True}, {"packing": "one", "batch": 2}])
def test_a_cycle_of_several_frames_answers_as_its_module_does(run: dict[str, Any], tmp_path: Path):
    must_agree(stream(continual(strided())), tmp_path, 100, **run)


@pytest.mark.parametrize("layout", [{}, {"is_masked": True}, {"packing": "one"}])
def test_a_chunk_of_cycles_answers_as_single_steps_do(layout: dict[str, Any], tmp_path: Path):
    single = stream(continual(strided()))
    chunks = stream(continual(strided(), chunk=3 * single.cycle))
    clip = torch.randn(1, 3, 24 * single.cycle, 6, 6, generator=torch.Generator().manual_seed(5))
    found = as_onnx_of_rank_4(chunks, clip, tmp_path, **layout)
    assert_alike(found, module_answers(single, clip), 1e-4)


def test_of_a_chunk_the_last_answer_alone_may_be_given(tmp_path: Path):
    every, last = (
        written(stream(continual(strided(), chunk=6, answers=each)), tmp_path) for each in ("all", "last")
    )
    counts = [model.graph.output[0].type.tensor_type.shape.dim[0].dim_value for model in (every, last)]
    assert counts == [3, 1]


@pytest.mark.parametrize("layout", [{}, {"is_masked": True}])
@pytest.mark.parametrize(
    ("op", "head"),
    [
        (GlobalPool(), {}),
        (GlobalPool(), {"head_pool": "cumulative"}),
        (Attention(over="window", frames=4), {}),
    ],
)
def test_layers_behind_a_shift_into_the_past_begin_as_they_do_in_the_module(
    op: Op, head: dict[str, Any], layout: dict[str, Any], tmp_path: Path
):
    nodes = (
        Node("stem", Conv(channels=4, kernel=(1, 3, 3), bias=True), ("input",)),
        Node("late", Shift(frames=2), ("stem",)),
        Node("taps", Conv(channels=4, kernel=(3, 1, 1), causal=True, bias=True), ("late",)),
        Node("end", op, ("taps",) * (op.arity or 1)),
    )
    clip = Graph("net", TensorType(3, 8, 4, 4), nodes)
    must_agree(stream(Continual(**head)(clip)), tmp_path, 24, **layout)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_families_answer_as_their_modules_do(name: str, tmp_path: Path):
    entry = FAMILIES[name]
    network = stream(Network.of(entry.spec, entry.variant, entry.sets).continual().graph())
    must_agree(
        network, tmp_path, 4 * network.cycle + max(0, network.program.delay) // network.cycle * network.cycle
    )


def test_all_values_are_of_rank_4_at_most_and_the_file_is_as_large_as_its_weights(tmp_path: Path):
    network = stream(continual(load("x3d", crop=32, frames=4)))
    model = written(network, tmp_path)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    values = [*inferred.input, *inferred.output, *inferred.value_info]
    assert len(values) > len(model.graph.node)
    assert max(len(each.type.tensor_type.shape.dim) for each in values) == 4
    assert max(len(each.dims) for each in model.graph.initializer) == 4
    weights = sum(each.numel() * each.element_size() for each in network.state_dict().values())
    assert (tmp_path / "net.onnx").stat().st_size <= 1.05 * weights + 20 * len(model.graph.node) * 4


def test_a_state_is_packed_by_map_or_in_one_tensor(tmp_path: Path):
    network = stream(x3d())
    sizes = {shape[1:] for shape in network.program.shapes.values()}
    names = [each.name for each in written(network, tmp_path).graph.input]
    assert names == ["frames", *(f"state_{height}x{width}" for height, width in sorted(sizes, reverse=True))]
    flat = written(network, tmp_path, packing="one").graph.input
    assert [each.name for each in flat] == ["frames", "state"]
    held = network.initial_state(1).floats
    assert [each.dim_value for each in flat[1].type.tensor_type.shape.dim] == [1, held]


def test_a_layer_without_operators_of_rank_4_is_named_with_the_way_out(tmp_path: Path):
    nodes = (
        Node("stem", Conv(channels=4), ("input",)),
        Node("mix", WindowAttention(windows=(1, 3, 3)), ("stem",) * 3),
    )
    network = stream(continual(Graph("net", TensorType(3, 4, 6, 6), nodes)))
    with pytest.raises(EmitError) as error:
        export_onnx_frames(network, tmp_path / "net.onnx")
    assert str(error.value) == (
        "mix: window_attention has no operators of rank 4 in ONNX; --rank 5 writes it as it is"
    )
    assert not (tmp_path / "net.onnx").exists()


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (partial(emit, init="replicate"), "streams start from zeros there"),
        (lambda graph: emit(graph).double(), "weights of torch.float64, expected torch.float32"),
    ],
)
def test_what_no_file_can_hold_is_refused(network: Any, message: str, tmp_path: Path):
    graph = continual(Graph("net", TensorType(2, 4, 3, 3), (Node("norm", LayerNorm(), ("input",)),)))
    with pytest.raises(EmitError, match=message):
        export_onnx_frames(network(graph), tmp_path / "net.onnx")
