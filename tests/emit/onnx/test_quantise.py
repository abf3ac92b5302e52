"""Streams as ONNX in 8 bits answer about as the module does, and keep the same numbers from step to step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from costmodel import Graph, Node, TensorType
from costmodel.emit import StreamNetwork, emit, randomise
from costmodel.emit.export import export_onnx_frames
from costmodel.errors import EmitError
from costmodel.ops import BatchNorm, Conv, GlobalPool, Linear, Relu
from costmodel.transforms.continual import Continual
from tests.shared.forms import module_answers

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def small(**options: Any) -> StreamNetwork:
    nodes = (
        Node("stem", Conv(channels=8, kernel=(1, 3, 3), stride=(1, 2, 2), bias=True), ("input",)),
        Node("relu", Relu(), ("stem",)),
        Node("depth", Conv(channels=8, kernel=(3, 3, 3), groups=8, bias=True), ("relu",)),
        Node("pool", GlobalPool(), ("depth",)),
        Node("fc", Linear(channels=5), ("pool",)),
    )
    stream = Continual(**{"state": "window", "head_pool": "cumulative", **options})
    network = emit(stream(Graph("net", TensorType(3, 8, 8, 8), nodes))).eval()
    assert isinstance(network, StreamNetwork)
    randomise(network, 3)
    return network


def drawn(frames: int) -> Tensor:
    return torch.randn(1, 3, frames, 8, 8, generator=torch.Generator().manual_seed(5))


def answered(path: Path, clip: Tensor) -> tuple[np.ndarray, Any]:
    from costmodel.emit.onnx.stream_file import StreamFile

    file, found = StreamFile(path), []
    for frame in clip.unbind(2):
        answers, valid = file.step(frame.numpy())
        if valid.all():
            found.append(answers.ravel())
    return np.stack(found), file


@pytest.mark.parametrize("is_masked", [False, True])
def test_8_bits_answer_about_as_the_module_does(is_masked: bool, tmp_path: Path):
    network, path = small(), tmp_path / "net.onnx"
    export_onnx_frames(network, path, is_masked=is_masked, clips=[drawn(300)[0].numpy()])
    found, file = answered(path, drawn(200))
    expected = torch.cat([each for each in module_answers(network, drawn(200)) if each is not None]).numpy()
    assert found.shape == expected.shape
    # to the last step: a mean in 8 bits stands still, and is 6 % off then
    assert np.abs(found - expected).max() < 0.03 * np.abs(expected).max()
    assert len(np.unique(file.state["depth.frames"])) <= 256


def test_weights_stand_in_8_bits_and_means_over_all_frames_in_32(tmp_path: Path):
    export_onnx_frames(small(), tmp_path / "net.onnx", clips=[drawn(60)[0].numpy()])
    model = onnx.load(tmp_path / "net.onnx")
    onnx.checker.check_model(model, full_check=True)
    kinds = {each.name: each.data_type for each in model.graph.initializer}
    assert kinds["depth.weight.1_quantized"] == onnx.TensorProto.INT8
    by_output = {node.output[0]: node for node in model.graph.node}
    # from the mean that came in to the one that goes out stands no quantiser
    assert not any("Linear" in by_output[name].op_type for name in above("pool.mean_out", by_output))


def above(output: str, by_output: dict[str, Any]) -> list[str]:
    """What makes a value out of the mean that came in."""
    found, waiting = [], [output]
    while waiting:
        name = waiting.pop()
        if name in by_output and name.startswith("pool"):
            found.append(name)
            waiting += by_output[name].input
    assert any("before" in name for name in found)
    return found


def test_batch_norms_must_be_folded(tmp_path: Path):
    clip = Graph("net", TensorType(3, 8, 8, 8), (Node("norm", BatchNorm(), ("input",)),))
    network = emit(Continual(state="window")(clip)).eval()
    with pytest.raises(EmitError, match="norm: a batch norm in 8 bits; add --fold"):
        export_onnx_frames(network, tmp_path / "n", clips=[drawn(60)[0].numpy()])
    assert not list(tmp_path.iterdir())


def test_open_sums_are_refused_with_the_way_out(tmp_path: Path):
    with pytest.raises(EmitError, match="depth keeps open sums, each of a range of its own; add --state win"):
        export_onnx_frames(small(state="partial"), tmp_path / "n", clips=[drawn(60)[0].numpy()])
    assert not list(tmp_path.iterdir())
