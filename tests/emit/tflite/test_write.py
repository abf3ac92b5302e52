"""Streams as TFLite: LiteRT answers as the module does; in 8 bits about as it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from costmodel import Graph, Node, TensorType, load
from costmodel.emit import StreamNetwork, emit, fold_norms, randomise
from costmodel.emit.export import export_tflite
from costmodel.errors import EmitError
from costmodel.network import Network
from costmodel.ops import Add, BatchNorm, Conv, Flatten, GlobalPool, Linear, MaxPool, Relu, Subsample, Swish
from costmodel.ops.pointwise import ELEMENTWISE
from costmodel.transforms.continual import Continual
from reports.gallery import Entry
from tests.emit.test_export import strided
from tests.shared.forms import assert_alike, module_answers, tflite_answers

pytest.importorskip("ai_edge_litert")
pytest.importorskip("onnxruntime")

SMALL = (
    Node(
        "stem", Conv(channels=8, kernel=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1), bias=True), ("input",)
    ),
    Node("relu", Relu(), ("stem",)),
    Node("depth", Conv(channels=8, kernel=(3, 3, 3), groups=8, bias=True), ("relu",)),
    Node("swish", Swish(), ("depth",)),
    Node("sum", Add(), ("swish", "relu")),
    Node("max", MaxPool(kernel=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)), ("relu",)),
    Node("pool", GlobalPool(kernel=(1, None, None)), ("sum",)),
    Node("fc", Linear(channels=5), ("pool",)),
)


def stream(graph: Graph) -> StreamNetwork:
    network = emit(graph).eval()
    assert isinstance(network, StreamNetwork)
    randomise(network, 3)
    return network


def small(state: Any = "window") -> StreamNetwork:
    nodes = tuple(node for node in SMALL if node.name != "max")
    return stream(Continual(state=state)(Graph("net", TensorType(3, 8, 8, 8), nodes)))


def drawn(network: StreamNetwork, frames: int) -> Tensor:
    source = network.graph.source
    shape = (1, source.channels, frames, source.height, source.width)
    return torch.randn(shape, generator=torch.Generator().manual_seed(5))


def must_agree(network: StreamNetwork, folder: Path, frames: int) -> None:
    export_tflite(network, folder / "net.tflite")
    clip = drawn(network, frames)
    assert_alike(tflite_answers(network, clip, folder / "net.tflite"), module_answers(network, clip), 1e-4)


def test_x3d_answers_as_its_module_does(tmp_path: Path):
    must_agree(stream(Continual()(load("x3d", crop=32, frames=4, gamma_d=0.2))), tmp_path, 60)


@pytest.mark.parametrize("state", ["partial", "window"])
def test_a_cycle_of_several_frames_answers_as_its_module_does(state: Any, tmp_path: Path):
    must_agree(stream(Continual(state=state)(strided())), tmp_path, 60)


def test_pools_pad_as_their_modules_do(tmp_path: Path):
    nodes = (*SMALL[:2], SMALL[5])
    must_agree(stream(Continual()(Graph("net", TensorType(3, 8, 8, 8), nodes))), tmp_path, 4)


def test_every_second_place_of_what_a_relu_gives_is_taken(tmp_path: Path):
    nodes = (*SMALL[:2], Node("sub", Subsample(stride=(1, 2, 2)), ("relu",)))
    must_agree(stream(Continual()(Graph("net", TensorType(3, 8, 8, 8), nodes))), tmp_path, 2)


def test_a_maximum_of_values_below_zero_takes_nothing_from_around_the_map(tmp_path: Path):
    nodes = SMALL[0], Node("max", MaxPool(kernel=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)), ("stem",))
    network = stream(Continual()(Graph("net", TensorType(3, 8, 8, 8), nodes)))
    with torch.no_grad():
        network.state_dict()["stem.bias"].fill_(-50.0)
    must_agree(network, tmp_path, 2)


def test_positions_are_joined_with_channels_outermost(tmp_path: Path):
    nodes = (*SMALL[:2], Node("flat", Flatten(), ("relu",)), Node("fc", Linear(channels=5), ("flat",)))
    must_agree(stream(Continual()(Graph("net", TensorType(3, 1, 8, 8), nodes))), tmp_path, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "entry",
    [
        Entry("movinet", "A0-stream", {"crop": 32}),
        Entry("tsm", None, {"crop": 32}),
        Entry("d_resnet", "R18", {"crop": 32, "frames": 4}),
        Entry("shufflenet_v2_3d", "0.25x", {"crop": 32}),
        Entry("mobilenet_v2_3d", None, {"crop": 32, "width": 0.2}),
    ],
    ids=lambda entry: entry.spec,
)
def test_families_answer_as_their_modules_do(entry: Entry, tmp_path: Path):
    network = stream(Network.of(entry.spec, entry.variant, entry.sets).continual().graph())
    must_agree(network, tmp_path, (max(0, network.program.delay) // network.cycle + 3) * network.cycle)


def test_8_bits_answer_about_as_the_module_does_over_200_steps_that_are_fed_back(tmp_path: Path):
    network, path = small(), tmp_path / "net.tflite"
    export_tflite(network, path, clips=[drawn(network, 300)[0].numpy()])
    clip = drawn(network, 200)
    expected = [each for each in module_answers(network, clip) if each is not None]
    found = [each for each in tflite_answers(network, clip, path) if each is not None]
    assert len(found) == len(expected)
    pair = torch.stack((torch.cat(found).flatten(), torch.cat(expected).flatten()))
    assert float(torch.corrcoef(pair)[0, 1]) > 0.999
    gaps = (torch.cat(found) - torch.cat(expected)).abs().mean(1)
    # as far off at the end as at the beginning: what is fed back does not drift
    assert float(gaps[-50:].mean()) < 2 * float(gaps[:50].mean())


def test_a_mean_over_all_frames_stays_in_32_bits_between_values_in_8(tmp_path: Path):
    from costmodel.emit.tflite.stream_file import LiteStream

    nodes = *SMALL[:5], Node("pool", GlobalPool(), ("sum",)), SMALL[-1]
    clip_network = Graph("net", TensorType(3, 8, 8, 8), nodes)
    network, path = stream(Continual(state="window", head_pool="cumulative")(clip_network)), tmp_path / "n"
    export_tflite(network, path, clips=[drawn(network, 300)[0].numpy()])
    details = LiteStream(path).inputs
    assert {name: detail["dtype"] for name, detail in details.items()} == {
        "frames": np.int8,
        "depth.frames": np.int8,
        "sum.delay2.frames": np.int8,
        "pool.mean": np.float32,
        "pool.count": np.float32,
    }
    clip = drawn(network, 400)
    expected = torch.cat([each for each in module_answers(network, clip) if each is not None])
    found = torch.cat([each for each in tflite_answers(network, clip, path) if each is not None])
    # the last answers move by thousandths, which a mean in 8 bits would not follow
    assert float((found - expected).abs().max()) < 0.03 * float(expected.abs().max())


def test_a_maximum_over_time_in_8_bits_begins_with_nothing(tmp_path: Path):
    pool = Node("max", MaxPool(kernel=(3, 3, 3), stride=(1, 2, 2), padding=(1, 1, 1)), ("stem",))
    mean = Node("pool", GlobalPool(kernel=(1, None, None)), ("max",))
    nodes = (SMALL[0], pool, mean, Node("fc", Linear(channels=5), ("pool",)))
    network, path = (
        stream(Continual(state="window")(Graph("net", TensorType(3, 8, 8, 8), nodes))),
        tmp_path / "n",
    )
    clip = drawn(network, 60)
    export_tflite(network, path, clips=[drawn(network, 300)[0].numpy()])
    expected = torch.cat([each for each in module_answers(network, clip) if each is not None])
    found = torch.cat([each for each in tflite_answers(network, clip, path) if each is not None])
    # What stands for no value once made the scale so coarse that every number was 0.
    assert float((found - expected).abs().max()) < 0.05 * float(expected.abs().max())


def test_a_hard_sigmoid_in_8_bits_ends_where_it_does_in_32(tmp_path: Path):
    nodes = (Node("hard", ELEMENTWISE["HardSigmoid"](), ("input",)),)
    network, path = stream(Continual()(Graph("net", TensorType(3, 8, 8, 8), nodes))), tmp_path / "net.tflite"
    clip = 5 * drawn(network, 60)
    export_tflite(network, path, clips=[clip[0].numpy()])
    (expected, *_), (found, *_) = module_answers(network, clip), tflite_answers(network, clip, path)
    assert expected is not None
    assert found is not None
    assert {0.0, 1.0} <= set(expected.unique().tolist())
    assert float((found - expected).abs().max()) < 0.03


def test_state_in_8_bits_comes_in_as_it_went_out(tmp_path: Path):
    from costmodel.emit.tflite.stream_file import LiteStream

    network, path = small(), tmp_path / "net.tflite"
    export_tflite(network, path, clips=[drawn(network, 60)[0].numpy()])
    file = LiteStream(path)
    for each in file.layout["state"]:
        given, made = file.inputs[each["input"]], file.outputs[each["output"]]
        assert given["dtype"] == made["dtype"] == np.int8
        assert given["quantization"] == made["quantization"]


@pytest.mark.parametrize(
    ("network", "frames", "told"),
    [
        (
            lambda: small("partial"),
            60,
            "depth keeps open sums, each of a range of its own; add --state window",
        ),
        (small, 4, r"--data: 4 frames, expected 9 or more: deep layers see none"),
    ],
)
def test_what_8_bits_cannot_hold_is_refused(network: Any, frames: int, told: str, tmp_path: Path):
    running = network()
    with pytest.raises(EmitError, match=told):
        export_tflite(running, tmp_path / "net.tflite", clips=[drawn(running, frames)[0].numpy()])
    assert not list(tmp_path.iterdir())


def test_batch_norms_in_8_bits_must_be_folded(tmp_path: Path):
    spec = SMALL[0], Node("norm", BatchNorm(), ("stem",))
    network = stream(Continual()(Graph("net", TensorType(3, 8, 8, 8), spec)))
    clips = [drawn(network, 60)[0].numpy()]
    with pytest.raises(EmitError, match="norm: a batch norm in 8 bits; add --fold"):
        export_tflite(network, tmp_path / "net.tflite", clips=clips)
    export_tflite(fold_norms(network), tmp_path / "net.tflite", clips=clips)


def test_an_operator_without_a_counterpart_is_named_with_its_layer(tmp_path: Path):
    nodes = (Node("norm", ELEMENTWISE["Gelu"](), ("input",)),)
    network = stream(Continual()(Graph("net", TensorType(4, 4, 6, 6), nodes)))
    with pytest.raises(
        EmitError, match=r"^norm: Erf has no counterpart in TFLite here; --as onnx writes it$"
    ):
        export_tflite(network, tmp_path / "net.tflite")
    assert not list(tmp_path.iterdir())
