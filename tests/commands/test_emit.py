"""`emit` writes a network that runs, and says what it wrote."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import torch

from cli import main
from costmodel import load
from costmodel.emit import emit, randomise

SMALL = ["--set", "crop=32", "--set", "frames=4", "--set", "gamma_d=1"]


def test_source_with_weights_gives_the_answers_of_the_checkpoint(tmp_path, capsys):
    network = emit(load("x3d", crop=32, frames=4, gamma_d=1)).eval()
    randomise(network, 4)
    torch.save(network.state_dict(), tmp_path / "given.pth")
    out = tmp_path / "net.py"
    assert main(["emit", "x3d", *SMALL, "--weights", str(tmp_path / "given.pth"), "--out", str(out)]) == 0
    assert "written to" in capsys.readouterr().err
    written = runpy.run_path(str(out))["X3d"]()
    written.load_state_dict(torch.load(out.with_suffix(".pt"), weights_only=True))
    clip = torch.randn(1, 3, 4, 32, 32)
    with torch.no_grad():
        assert torch.equal(written.eval()(clip), network(clip))


def test_folded_source_has_no_batch_norm(tmp_path):
    out = tmp_path / "net.py"
    assert main(["emit", "x3d", *SMALL, "--continual", "--fold", "--out", str(out)]) == 0
    text = out.read_text()
    assert "BatchNorm" not in text
    assert "StreamConv3d" in text


def test_a_torch_export_program_is_written(tmp_path):
    out = tmp_path / "net.pt2"
    assert main(["emit", "x3d", *SMALL, "--as", "torch-export", "--out", str(out)]) == 0
    clip = torch.randn(1, 3, 4, 32, 32)
    assert torch.export.load(out).module()(clip).shape == (1, 400)


def test_a_missing_checkpoint_is_one_line_and_nothing_is_written(tmp_path, capsys):
    out = tmp_path / "net.py"
    assert main(["emit", "x3d", *SMALL, "--weights", "nowhere.pth", "--out", str(out)]) == 2
    assert capsys.readouterr().err == "error: nowhere.pth: cannot be read: No such file or directory\n"
    assert not out.exists()


TINY = """
name: tiny
input: {channels: 1, time: 4, height: 6, width: 6}
sizes: {classes: 2}
network:
  - conv: {channels: 2, kernel: [3, 3, 3]}
  - global_pool
  - linear: {channels: classes}
"""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("options", "inputs"),
    [
        (["--continual"], {"frames": 4, "state_6x6": 4, "state_1x1": 4}),
        (["--continual", "--state-tensors", "one", "--masked"], {"frames": 4, "age": 1, "state": 2}),
        pytest.param(["--continual", "--rank", "5"], {"frames": 5, "age": 1}, marks=pytest.mark.slow),
        pytest.param([], {"clip": 5}, marks=pytest.mark.slow),
    ],
)
def test_onnx_of_a_stream_is_of_rank_4_unless_asked_otherwise(
    options: list[str], inputs: dict[str, int], tmp_path: Path
):
    onnx = pytest.importorskip("onnx")
    (tmp_path / "tiny.yaml").write_text(TINY)
    out = tmp_path / "net.onnx"
    assert main(["emit", str(tmp_path / "tiny.yaml"), *options, "--as", "onnx", "--out", str(out)]) == 0
    found = {each.name: len(each.type.tensor_type.shape.dim) for each in onnx.load(out).graph.input}
    assert inputs.items() <= found.items()
    assert found.keys() == inputs.keys() or "5" in options


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--rank 4 --as onnx", "--rank: is for a stream as ONNX; add --continual and --as onnx"),
        ("--masked --continual", "--masked: is for a stream as ONNX; add --continual and --as onnx"),
        ("--rank 4 --as spec", "--rank: is for a stream as ONNX; add --continual and --as onnx"),
        (
            "--continual --as onnx --rank 5 --state-tensors one",
            "--state-tensors: is for ONNX of rank 4; leave out --rank 5",
        ),
        ("--continual --as onnx --rank 3", "--rank: '3', expected 4 or 5"),
    ],
)
def test_options_of_onnx_without_an_effect_are_refused(options: str, told: str, tmp_path: Path, capsys):
    out = tmp_path / "net.onnx"
    assert main(["emit", "x3d", *SMALL, *options.split(), "--out", str(out)]) == 2
    assert capsys.readouterr().err == f"error: {told}\n"
    assert not out.exists()


def test_a_stream_in_8_bits_is_calibrated_on_clips(tmp_path: Path):
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("onnxruntime")
    (tmp_path / "tiny.yaml").write_text(TINY)
    given = ["emit", str(tmp_path / "tiny.yaml"), "--continual", "--fold", "--as", "tflite"]
    assert main([*given, "--out", str(tmp_path / "net.tflite")]) == 0
    small = [*given, "--state", "window", "--quantize", "int8", "--data", "digits:train=40,val=2"]
    assert main([*small, "--set", "classes=12", "--out", str(tmp_path / "small.tflite")]) == 0
    assert (tmp_path / "small.tflite").read_bytes()[4:8] == b"TFL3"
    small[small.index("tflite")] = "onnx"
    assert main([*small, "--set", "classes=12", "--out", str(tmp_path / "small.onnx")]) == 0
    assert b"QuantizeLinear" in (tmp_path / "small.onnx").read_bytes()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--as tflite", "--as tflite: is for streams; add --continual"),
        ("--as tflite --continual --batch 2", "--batch: 2, but a TFLite file has one stream; leave it out"),
        (
            "--as source --quantize int8",
            "--quantize: is for a stream as ONNX or TFLite; add --as onnx or --as tflite",
        ),
        ("--as onnx --quantize int8 --data digits", "--quantize: is for streams; add --continual"),
        (
            "--as onnx --continual --batch 2 --quantize int8 --data digits",
            "--batch: 2, but --quantize calibrates one stream; leave it out",
        ),
        (
            "--as onnx --continual --rank 5 --quantize int8 --data digits",
            "--quantize: is for ONNX of rank 4; leave out --rank 5",
        ),
        (
            "--as onnx --continual --state-tensors map --quantize int8 --data digits",
            "--state-tensors: in 8 bits each layer's state has a tensor; leave it out",
        ),
        (
            "--as tflite --continual --quantize int8",
            "--quantize: needs clips to take the ranges of values from; add --data",
        ),
        ("--as tflite --continual --data digits", "--data: is what --quantize int8 calibrates on; add it"),
    ],
)
def test_options_of_tflite_or_8_bits_that_do_not_fit_are_refused(
    options: str, told: str, tmp_path: Path, capsys
):
    out = tmp_path / "net.tflite"
    (tmp_path / "tiny.yaml").write_text(TINY)
    assert main(["emit", str(tmp_path / "tiny.yaml"), *options.split(), "--out", str(out)]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {told}"
    assert not out.exists()


def test_tflite_without_its_extra_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr("costmodel.emit.export._is_missing", lambda name: name == "ai_edge_litert")
    (tmp_path / "tiny.yaml").write_text(TINY)
    line = [
        "emit",
        str(tmp_path / "tiny.yaml"),
        "--continual",
        "--as",
        "tflite",
        "--out",
        str(tmp_path / "n"),
    ]
    assert main(line) == 2
    told = "error: --as tflite: needs ai_edge_litert; pip install 'costmodel[tflite]'"
    assert capsys.readouterr().err.splitlines()[-1] == told
