"""Modules of other people as specs: the layers, the costs and the answers are the module's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from own_modules import (
    CLIP,
    Causal,
    FrameByFrame,
    Numbers,
    Remembering,
    Residual,
    Shared,
    Shifted,
    ShiftedByCat,
    Shuffled,
    TwoPathways,
)
from torch import nn

from costmodel import continual, from_torch, load
from costmodel.emit import emit, load_weights
from costmodel.errors import OptionError
from costmodel.graph import Graph
from costmodel.importers import read_module
from costmodel.ops import AvgPool, GlobalPool

# The layers that a person would write
WORDS = {
    Residual: "conv bn relu conv global_pool conv relu conv sigmoid gate swish conv add relu "
    "global_pool dropout linear softmax",
    Shifted: "conv relu shift conv avg_pool linear global_pool",
    ShiftedByCat: "conv relu shift conv avg_pool linear global_pool",
    FrameByFrame: "conv bn relu conv global_pool linear",
    Remembering: "conv avg_pool lstm lstm last linear",
    TwoPathways: "subsample conv conv conv concat global_pool max_pool concat linear",
    Shuffled: "conv shuffle conv split swish split concat global_pool conv",
    Causal: "conv conv global_pool linear",
    Numbers: "bias scale bias conv scale avg_pool bias gelu global_pool linear",
    Shared: "conv relu conv global_pool linear",
}
STREAMED = (ShiftedByCat, Remembering, Causal, Residual)


def words(graph: Graph) -> str:
    return " ".join(type(node.op).word for node in graph.nodes)


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_a_module_becomes_the_layers_that_a_person_would_write(kind: type[nn.Module], tmp_path: Path):
    torch.manual_seed(1)
    module = kind()
    read = read_module(module, CLIP, "net").with_answers_compared(module)
    assert words(read.graph) == WORDS[kind]
    assert read.checked.difference is not None
    assert read.checked.difference <= 1e-6
    (tmp_path / "net.yaml").write_text(read.text)
    again = load(str(tmp_path / "net.yaml"))
    assert (again.nodes, again.types) == (read.graph.nodes, read.graph.types)


@pytest.mark.parametrize("kind", STREAMED, ids=lambda kind: kind.__name__)
def test_what_was_read_runs_frame_by_frame(kind: type[nn.Module]):
    stream = emit(continual(from_torch(kind(), torch.empty(CLIP)))).eval()
    clip = torch.rand(1, 3, 12, 8, 8)
    with torch.no_grad():
        whole, steps = stream(clip), stream.forward_steps(clip)[0]
    assert torch.allclose(whole, steps[..., -whole.shape[-1] :], atol=1e-6)


def test_a_pool_of_what_is_pooled_already_is_no_layer():
    class Twice(Causal):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            pool = nn.AdaptiveAvgPool3d(1)
            return pool(pool(self.first(x))).flatten(1)

    assert words(from_torch(Twice(), torch.empty(CLIP))) == "conv global_pool"


def test_layers_bear_the_modules_own_names():
    names = [node.name for node in from_torch(Residual(), torch.empty(CLIP)).nodes]
    assert names[:5] == ["stem", "norm", "relu", "inner", "gate.pool"]
    assert names[5:10] == ["gate.block.0", "gate.block.1", "gate.block.2", "gate.block.3", "gate.gate"]


def test_the_weights_are_a_file_that_says_its_network(tmp_path: Path):
    module = Remembering().eval()
    read = read_module(module, CLIP, "net")
    path = tmp_path / "net.safetensors"
    path.write_bytes(read.weights_file())
    ours = emit(read.network.graph()).eval()
    assert load_weights(ours, path).layout == "costmodel"
    clip = torch.rand(CLIP)
    with torch.no_grad():
        assert torch.allclose(ours(clip), module(clip), atol=1e-6)


def test_a_module_is_left_as_it_was():
    module = Residual().train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module.gate.eval()
    from_torch(module, torch.empty(CLIP))
    assert [module.training, module.gate.training, module.drop.training] == [True, False, True]
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_parameters_of_shared_and_unused_layers_are_told():
    read = read_module(Shared(), CLIP, "net")
    assert (read.shares.repeated, read.shares.unused) == (3 * 3 * 27 + 3, ("never.weight", "never.bias"))
    assert read.notes[1:] == (
        "no layer reads never.weight, never.bias: 2 parameters left out",
        "246 parameters are read by several layers, and stand in each of them",
    )


def test_numbers_and_buffers_are_told():
    read = read_module(Numbers(), CLIP, "net")
    assert read.notes[1] == "5 numbers of the module's code and buffers are parameters here"


def test_frames_may_stand_ahead_of_channels():
    class Framed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Causal()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x.transpose(1, 2))

    module = Framed()
    read = read_module(module, (1, 4, 3, 8, 8), "net", axes="NTCHW").with_answers_compared(module, "NTCHW")
    assert tuple(read.graph.source) == (3, 4, 8, 8)


@pytest.mark.parametrize(
    ("shape", "axes", "told"),
    [
        ((1, 3, 8, 8), "NCTHW", "--input: 4 sizes, expected 5: batch, channels, time, height, width"),
        (CLIP, "NCHW", "--axes: 'NCHW', expected the letters NCTHW in some order"),
    ],
)
def test_a_shape_that_is_no_clip_is_refused(shape: tuple[int, ...], axes: str, told: str):
    with pytest.raises(OptionError, match=told):
        read_module(Causal(), shape, "net", axes=axes)


def test_a_pool_that_halves_two_frames_is_no_head():
    """Behind it stand layers that look through time, of which a stream has more frames."""
    body = nn.Sequential(nn.AvgPool3d(2), nn.Conv3d(4, 4, 3, padding=1), nn.AdaptiveAvgPool3d(1))
    graph = read_module(body, (1, 4, 2, 8, 8), "net").graph
    assert graph.nodes[0].op == AvgPool(kernel=(2, 2, 2), stride=(2, 2, 2), padding=(0, 0, 0))
    assert graph.nodes[2].op == GlobalPool()
    assert continual(graph).is_stream


def test_lengths_and_directions_become_the_weights_that_they_make():
    module = nn.utils.parametrizations.weight_norm(nn.Conv3d(3, 4, 1))
    read = read_module(module, CLIP, "net").with_answers_compared(module)
    assert (read.checked.params, read.shares.used) == (4 * 3 + 4, 4 * 3 + 4 + 4)
    assert "4 parameters fewer than the module's" in "".join(read.notes)
    # worked out in 64 bits, as the module in 64 bits does
    (weight,) = (each for name, each in read.tensors.items() if name.endswith("weight"))
    assert torch.equal(weight, module.double().weight)
