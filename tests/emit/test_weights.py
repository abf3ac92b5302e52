"""Checkpoints of others load, foreign and hostile ones are refused, and the network stays as it was."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path

import pytest
import torch
from without_compiled_ops import without_torchvision

from costmodel import continual, load
from costmodel.emit import emit, randomise
from costmodel.emit.checkpoints.layout import layouts
from costmodel.emit.weights import load_weights
from costmodel.errors import EmitError

SMALL = {"crop": 32, "frames": 4, "gamma_d": 1}
SLOWFAST_NAMES = {
    "conv1_s.weight": "s1.pathway0_stem.conv_xy.weight",
    "conv1_t.weight": "s1.pathway0_stem.conv.weight",
    "conv1_bn.running_var": "s1.pathway0_stem.bn.running_var",
    "res2.0.shortcut.conv.weight": "s2.pathway0_res0.branch1.weight",
    "res2.0.shortcut.bn.bias": "s2.pathway0_res0.branch1_bn.bias",
    "res3.1.main.b.weight": "s3.pathway0_res1.branch2.b.weight",
    "res5.2.main.c_bn.weight": "s5.pathway0_res2.branch2.c_bn.weight",
    "res4.0.main.se.squeeze.fc2.bias": "s4.pathway0_res0.branch2.se.fc2.bias",
    "conv5_bn.weight": "head.conv_5_bn.weight",
    "fc1.weight": "head.lin_5.weight",
    "fc2.bias": "head.projection.bias",
}


@pytest.fixture
def network():
    network = emit(load("x3d", **SMALL)).eval()
    randomise(network, 1)
    return network


def saved(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "weights.pyth"
    torch.save(content, path)
    return path


def slowfast_name(name: str) -> str:
    """Our name as SlowFast has it, by hand, apart from the rules under test."""
    for ours, theirs in (
        ("conv1_s.", "s1.pathway0_stem.conv_xy."),
        ("conv1_t.", "s1.pathway0_stem.conv."),
        ("conv1_bn.", "s1.pathway0_stem.bn."),
        ("conv5_bn.", "head.conv_5_bn."),
        ("conv5.", "head.conv_5."),
        ("fc1.", "head.lin_5."),
        ("fc2.", "head.projection."),
    ):
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    stage, block, rest = name.split(".", 2)
    rest = rest.replace("shortcut.conv.", "branch1.").replace("shortcut.bn.", "branch1_bn.")
    rest = rest.replace("main.se.squeeze.", "branch2.se.").replace("main.", "branch2.")
    return f"s{stage[-1]}.pathway0_res{block}.{rest}"


@pytest.mark.parametrize(("ours", "theirs"), SLOWFAST_NAMES.items())
def test_a_slowfast_name_is_ours(ours, theirs):
    assert slowfast_name(ours) == theirs
    assert next(each for each in layouts() if each.name == "slowfast").rename(theirs, {ours}) == ours


def test_a_slowfast_checkpoint_gives_the_same_answers(tmp_path, network):
    tensors = {f"module.{slowfast_name(name)}": value for name, value in network.state_dict().items()}
    path = saved(tmp_path, {"epoch": 1, "model_state": tensors, "cfg": "TEXT: 1"})
    other = emit(load("x3d", **SMALL)).eval()
    assert load_weights(other, path).layout == "slowfast"
    clip = torch.randn(1, 3, 4, 32, 32)
    assert torch.equal(other(clip), network(clip))


def test_merged_statistics_of_sub_batch_norms_are_read(tmp_path, network):
    tensors = {}
    for name, value in network.state_dict().items():
        stem, _, last = slowfast_name(name).rpartition(".")
        inner = last in ("running_mean", "running_var", "num_batches_tracked")
        tensors[f"{stem}.bn.{last}" if inner else f"{stem}.{last}"] = value
        if inner:
            tensors[f"{stem}.split_bn.{last}"] = value
    other = emit(load("x3d", **SMALL)).eval()
    load_weights(other, saved(tmp_path, {"model_state": tensors}))
    clip = torch.randn(1, 3, 4, 32, 32)
    assert torch.equal(other(clip), network(clip))


def test_weights_of_the_clip_network_fit_its_stream(tmp_path, network):
    path = saved(tmp_path, network.state_dict())
    stream = emit(continual(load("x3d", **SMALL)))
    assert load_weights(stream, path).layout == "costmodel"
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in stream.state_dict().items())


def test_missing_unexpected_and_wrong_tensors_are_named_together(tmp_path, network):
    tensors = network.state_dict()
    del tensors["fc2.bias"]
    tensors |= {"fc3.weight": torch.zeros(2), "fc2.weight": torch.zeros(7, 2048)}
    before = {name: value.clone() for name, value in network.state_dict().items()}
    path = saved(tmp_path, tensors)
    with pytest.raises(EmitError) as error:
        load_weights(network, path)
    assert str(error.value) == (
        f"{path}: costmodel layout: 225 of 227 tensors right; 1 tensor missing: fc2.bias; "
        "1 tensor unexpected: fc3.weight; "
        "1 tensor of the wrong shape: fc2.weight is (7, 2048), expected (400, 2048)"
    )
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


class Malicious:
    def __reduce__(self):
        return os.system, ("touch /tmp/costmodel_was_here",)


def test_a_pickle_that_would_run_code_is_refused(tmp_path, network):
    path = saved(tmp_path, {"model_state": Malicious()})
    with pytest.raises(EmitError, match=r"weights\.pyth: holds what could run code when it is read"):
        load_weights(network, path)
    assert not Path("/tmp/costmodel_was_here").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", pickle.dumps([1, 2]), b"\x80\x04garbage"])
def test_a_foreign_file_is_refused(tmp_path, network, content):
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    with pytest.raises(EmitError, match=r"weights\.pt: "):
        load_weights(network, path)


def test_a_truncated_checkpoint_is_refused(tmp_path, network):
    whole = io.BytesIO()
    torch.save(network.state_dict(), whole)
    path = tmp_path / "weights.pt"
    path.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    with pytest.raises(EmitError, match=r"weights\.pt: truncated"):
        load_weights(network, path)


def test_a_missing_file_is_refused(network):
    with pytest.raises(EmitError, match=r"nowhere\.pt: cannot be read: No such file or directory"):
        load_weights(network, "nowhere.pt")


def test_something_else_than_tensors_is_refused(tmp_path, network):
    with pytest.raises(EmitError, match="'a' is str, expected a tensor"):
        load_weights(network, saved(tmp_path, {"a": "b"}))


@pytest.mark.peers("pytorchvideo")
def test_the_network_of_pytorchvideo_gives_the_same_logits(tmp_path):
    with without_torchvision():
        from pytorchvideo.models.x3d import create_x3d

        theirs = create_x3d(input_clip_length=4, input_crop_size=160, depth_factor=2.2, head_activation=None)
    generator = torch.Generator().manual_seed(3)
    for name, value in theirs.eval().state_dict().items():
        if value.dim() == 1:  # norms, their statistics and biases
            value.copy_(torch.rand(value.shape, generator=generator) + 0.5 * name.endswith("var"))
    ours = emit(load("x3d", variant="XS", norm_same_width=False)).eval()
    assert load_weights(ours, saved(tmp_path, {"model_state": theirs.state_dict()})).layout == "pytorchvideo"
    clip = torch.rand(2, 3, 4, 160, 160)
    with torch.no_grad():
        expected, answer = theirs(clip), ours(clip)
    assert torch.allclose(answer, expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))
