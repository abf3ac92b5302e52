"""Every op that keeps state answers alike as a module, as source and in exports, from the first step on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from costmodel import Graph, Node, TensorType, continual
from costmodel.emit import StreamNetwork, emit, randomise
from costmodel.emit.export import Cycle, export_onnx
from costmodel.emit.source import source_text
from costmodel.ops import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    Add,
    Attention,
    AvgPool,
    Bias,
    ClipCrop,
    Concat,
    Conv,
    ConvGru,
    ConvLstm,
    ConvTranspose,
    CumulativePool,
    Gate,
    GlobalPool,
    GroupNorm,
    Gru,
    Identity,
    InstanceNorm,
    Interpolate,
    LayerNorm,
    Linear,
    Lstm,
    MaxPool,
    Op,
    Prelu,
    RmsNorm,
    Roll,
    Scale,
    Shift,
    Subsample,
    WindowAttention,
)
from costmodel.ops.merge import Crop
from costmodel.ops.pointwise import ELEMENTWISE
from costmodel.transforms.continual import State
from tests.shared.forms import (
    Answers,
    as_onnx,
    as_onnx_of_rank_4,
    as_torch_export,
    assert_alike,
    in_cycles,
    module_answers,
)

SOURCE = TensorType(2, 13, 3, 3)
TIME = {"kernel": (3, 1, 1), "padding": (1, 0, 0)}
STATEFUL: dict[str, Op] = {
    "conv": Conv(channels=2, bias=True, **TIME),
    "strided_conv": Conv(channels=2, kernel=(4, 1, 1), stride=(2, 1, 1), dilation=(2, 1, 1)),
    "same_conv": Conv(channels=2, kernel=(3, 2, 3), padding=("same", "same", (1, 1)), bias=True),
    "uncounted": AvgPool(kernel=(2, 2, 3), padding=(0, "same", 1), count_include_pad=False),
    "average": AvgPool(**TIME),
    "maximum": MaxPool(**TIME),
    "subsample": Subsample(stride=(2, 1, 1)),
    "crop": ClipCrop(before=(1, 0, 0)),
    "shift": Shift(frames=2),
    "later": Shift(frames=-1),
    "share_of_the_past": Shift(past=Fraction(1, 2)),
    "shares_both_ways": Shift(past=Fraction(1, 2), future=Fraction(1, 2), frames=2),
    "lstm": Lstm(channels=2),
    "gru": Gru(channels=2),
    "conv_lstm": ConvLstm(2, peepholes=True),
    "conv_gru": ConvGru(2, bias=False),
    "attention": Attention(over="window", frames=2),
    "attention_by_number": Attention(False, "window", 2),
    "mean_so_far": CumulativePool(),
    "largest_so_far": CumulativePool(of="max"),
    "average_to_a_size": AdaptiveAvgPool(size=(1, 2, 4)),
    "largest_to_a_size": AdaptiveMaxPool(size=(1, 2, 2)),
    "long_average": GlobalPool(),
}
NORMS: dict[str, Op] = {
    "layer_norm": LayerNorm(),
    "conv": Conv(channels=2),
    "rms_norm": RmsNorm(),
    "group_norm": GroupNorm(groups=2),
    "instance_norm": InstanceNorm(),
}
# Ops that treat each frame alone: one network of them all shows how each is written and exported.
FRAMEWISE: dict[str, Op] = {
    **{word: op() for word, op in ELEMENTWISE.items()},
    "prelu": Prelu(),
    "prelu_of_each": Prelu(each_channel=True),
    "identity": Identity(),
    "conv_transpose": ConvTranspose(
        channels=2, kernel=(1, 3, 2), stride=(1, 2, 1), padding=(0, 1, 0), output_padding=(0, 1, 0), bias=True
    ),
    "linear": Linear(channels=2),
    "rows_left_out": ClipCrop(before=(0, 0, 1), after=(0, 1, 0)),
    "linear_without_a_bias": Linear(channels=2, bias=False),
    "nearest": Interpolate(factor=(1, 2, 2)),
    "frames_to_a_size": AdaptiveAvgPool(size=(None, 4, 7)),
    "largest_of_frames": AdaptiveMaxPool(size=(None, 3, 5)),
    "nearest_to_a_size": Interpolate(size=(None, 5, 7)),
    "bilinear": Interpolate(size=(None, 4, 3), mode="bilinear"),
    "corners": Interpolate(size=(None, 3, 5), mode="bilinear", align_corners=True),
    "trilinear": Interpolate(factor=(1, 2, 1), mode="trilinear"),
    "scale": Scale(per="one"),
    "scale_of_channels": Scale(),
    "bias": Bias(per="map"),
    "attention": Attention(over="frame"),
    "rolled": Roll(to_end=(0, 1, 0), to_front=(0, 0, 2)),
    "attention_in_windows": WindowAttention(windows=(1, 3, 1), shift=(0, 1, 0), heads=2, bias=True),
}
Run = Callable[[StreamNetwork, Tensor, Path], Answers]


def behind_a_delay(ops: Mapping[str, Op], stride: int = 1) -> Graph:
    """Ops whose first frames come late, with this stride at another phase than the next, behind a wait."""
    nodes = [
        Node("ahead", Conv(channels=2, kernel=(5, 1, 1), stride=(stride, 1, 1)), ("input",)),
        Node("short", Conv(channels=2, stride=(stride, 1, 1)), ("input",)),
        Node("sum", Add(), ("ahead", "short")),
    ]
    for name, op in ops.items():
        nodes.append(Node(name, op, (nodes[-1].name,) * (op.arity or 1)))
    return Graph("net", SOURCE, (*nodes, Node("behind", Conv(channels=2, bias=True), (nodes[-1].name,))))


def as_source(network: StreamNetwork, clip: Tensor, folder: Path) -> Answers:
    module = ModuleType("emitted")
    exec(source_text(network.graph), module.__dict__)
    written: nn.Module = module.Net().eval()
    written.load_state_dict(network.state_dict())
    return [written.forward_step(frame) for frame in clip.unbind(2)]


def as_a_cycle(network: StreamNetwork, clip: Tensor, folder: Path) -> Answers:
    return list(in_cycles(network, clip, Cycle(network)))


def assert_equal_from_the_first_step(graph: Graph, run: Run, folder: Path, steps: int = 40) -> None:
    network = emit(graph).eval()
    randomise(network, 3)
    clip = torch.randn(2, 2, steps, 3, 3, generator=torch.Generator().manual_seed(5))
    expected = module_answers(network, clip)
    with torch.no_grad():
        found = run(network, clip, folder)
    assert_alike(found, expected, 1e-5)
    assert len([answer for answer in expected if answer is not None]) > 3


@pytest.mark.parametrize("run", [as_source, as_a_cycle])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("state", ["partial", "window"])
@pytest.mark.parametrize("kind", STATEFUL)
def test_an_op_answers_as_its_module_does(kind: str, state: State, stride: int, run: Run, tmp_path: Path):
    graph = continual(behind_a_delay({kind: STATEFUL[kind]}, stride), state=state)
    assert_equal_from_the_first_step(graph, run, tmp_path)


@pytest.mark.parametrize(
    ("state", "layout"),
    [("partial", {}), ("window", {"packing": "one"}), ("partial", {"is_masked": True})],
)
def test_an_onnx_file_of_rank_4_of_all_ops_answers_as_the_module_does(
    state: State, layout: dict[str, Any], tmp_path: Path
):
    graph = continual(behind_a_delay(STATEFUL), state=state)
    assert_equal_from_the_first_step(graph, partial(as_onnx_of_rank_4, **layout), tmp_path, 48)


@pytest.mark.parametrize(("state", "run"), [("partial", as_torch_export), ("window", as_onnx)])
def test_a_program_of_all_ops_answers_as_the_module_does(state: State, run: Run, tmp_path: Path):
    assert_equal_from_the_first_step(continual(behind_a_delay(STATEFUL), state=state), run, tmp_path, 48)


@pytest.mark.parametrize("run", [as_source, as_torch_export, as_onnx, as_onnx_of_rank_4])
@pytest.mark.parametrize("word", [Add, Concat, Gate])
def test_branches_cut_to_their_newest_frames_answer_alike(word: type[Op], run: Run, tmp_path: Path):
    crops: tuple[Crop, ...] = ("newest", "centred")
    nodes = [Node("conv", Conv(channels=2), ("input",))]
    for number, crop in enumerate(crops):
        source = nodes[-1].name
        bare = Conv(channels=2, kernel=(4, 1, 1), padding=(0, 0, 0))
        nodes.append(Node(f"bare{number}", bare, (source,)))
        nodes.append(Node(f"merge{number}", word(crop=crop), (f"bare{number}", source)))
    assert_equal_from_the_first_step(continual(Graph("net", SOURCE, tuple(nodes))), run, tmp_path)


@pytest.mark.parametrize("run", [as_source, as_torch_export, as_onnx, as_onnx_of_rank_4])
@pytest.mark.parametrize("ops", [FRAMEWISE, NORMS], ids=["on values", "norms"])
def test_ops_on_each_frame_answer_as_their_modules_do(ops: Mapping[str, Op], run: Run, tmp_path: Path):
    if run is as_onnx_of_rank_4:
        ops = {kind: op for kind, op in ops.items() if kind != "attention_in_windows"}
    assert_equal_from_the_first_step(continual(behind_a_delay(ops)), run, tmp_path)


def test_maps_at_other_sizes_answer_alike_in_a_clip_as_onnx(tmp_path: Path):
    """Clips run other functions than frames, which exports must know as well."""
    runtime = pytest.importorskip("onnxruntime")
    ops = (
        Interpolate(size=(None, 4, 5), mode="bilinear"),
        AdaptiveMaxPool(size=(2, 3, 3)),
        Interpolate(size=(None, 4, 3), mode="trilinear"),
        AdaptiveAvgPool(size=(1, 2, 2)),
    )
    names = ["input", *(f"layer{number}" for number in range(len(ops)))]
    nodes = (Node(name, op, (before,)) for before, name, op in zip(names, names[1:], ops, strict=False))
    network = emit(Graph("net", SOURCE, tuple(nodes))).eval()
    clip = torch.randn(1, *map(int, SOURCE), generator=torch.Generator().manual_seed(5))
    export_onnx(network, tmp_path / "net.onnx")
    session = runtime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"clip": clip.numpy()})
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(found), network(clip), rtol=1e-4, atol=1e-5)
