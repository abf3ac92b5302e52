"""ONNX files that are no network to read are refused in one line, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cli import main
from costmodel.importers.onnx import file as onnx_file

CLIP = (1, 3, 4, 8, 8)


def written(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    *,
    sizes: Sequence[int | str] = CLIP,
    inputs: Sequence[str] = ("clip",),
    kind: TensorProto.DataType = TensorProto.FLOAT,
    tensors: Sequence[onnx.TensorProto] = (),
    domains: Sequence[str] = ("",),
) -> Path:
    given = [helper.make_tensor_value_info(name, kind, sizes) for name in inputs]
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "net", given, [out], initializer=list(tensors))
    opsets = [helper.make_opsetid(domain, 18) for domain in domains]
    onnx.save(helper.make_model(graph, opset_imports=opsets), str(path))
    return path


def relu(source: str = "clip", out: str = "out") -> onnx.NodeProto:
    return helper.make_node("Relu", [source], [out], name="act")


def outside(location: str) -> onnx.TensorProto:
    tensor = numpy_helper.from_array(np.ones((3, 1, 1, 1), np.float32), "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


TIMES = helper.make_node("Mul", ["clip", "w"], ["out"], name="times")
WRONG: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no ONNX": (lambda at: at.write_bytes(b"hello, world" * 9), "is no ONNX file, or a broken one: "),
    "empty": (lambda at: at.write_bytes(b""), "is no ONNX file, or one without a single node"),
    "cut off": (
        lambda at: at.write_bytes(written(at, [TIMES], tensors=[weights()]).read_bytes()[:-20]),
        "is no ONNX file, or a broken one: ",
    ),
    "no data": (
        lambda at: written(at, [TIMES], tensors=[outside("w.bin")]),
        "tensor w lies in w.bin, and there is no such file beside it",
    ),
    "data elsewhere": (
        lambda at: written(at, [TIMES], tensors=[outside("../../etc/passwd")]),
        "tensor w lies in ../../etc/passwd, outside of the file's own folder",
    ),
    "two inputs": (
        lambda at: written(at, [helper.make_node("Add", ["clip", "age"], ["out"])], inputs=("clip", "age")),
        "takes 2 tensors (clip, age), expected one clip",
    ),
    "whole numbers": (lambda at: written(at, [relu()], kind=TensorProto.UINT8), "its input clip is UINT8"),
    "four sizes": (
        lambda at: written(at, [relu()], sizes=(1, 3, 8, 8)),
        "its input clip is 1x3x8x8, expected 5 sizes: batch, channels, time, height, width",
    ),
    "two clips": (
        lambda at: written(at, [relu()], sizes=(2, 3, 4, 8, 8)),
        "takes 2 clips at once, expected 1, or as many as are given",
    ),
    "open sizes": (
        lambda at: written(at, [relu()], sizes=("n", 3, "t", 8, 8)),
        "leaves batch, time of its input nx3xtx8x8 open; say the sizes of a clip, such as 1x3x16x112x112",
    ),
    "a value of nowhere": (
        lambda at: written(at, [relu("nowhere")]),
        "node 1, Relu act: reads 'nowhere', which nothing before it gives",
    ),
    "shapes that do not fit": (
        lambda at: written(at, [helper.make_node("Mul", ["clip", "w"], ["out"])], tensors=[weights(5)]),
        "node 1, Mul: ",
    ),
    "too many nodes": (
        lambda at: written(at, [relu("clip", "a"), relu("a", "b"), relu("b", "c"), relu("c")]),
        "has 4 nodes, expected at most 3; simplify it first",
    ),
}


def weights(channels: int = 3) -> onnx.TensorProto:
    return numpy_helper.from_array(np.full((channels, 1, 1, 1), 0.5, np.float32), "w")


@pytest.mark.parametrize("name", WRONG)
def test_a_bad_file_is_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    make, told = WRONG[name]
    folder = tmp_path / "given"
    folder.mkdir()
    make(folder / "net.onnx")
    monkeypatch.setattr(onnx_file, "MOST_NODES", 3)
    assert main(["import", str(folder / "net.onnx"), "--out", str(tmp_path / "net.yaml")]) == 2
    found = capsys.readouterr()
    assert told in found.err
    assert (found.out, found.err.count("\n")) == ("", 1)
    assert not (tmp_path / "net.yaml").exists()


def test_operators_that_are_not_known_are_listed_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    nodes = [
        relu("clip", "a"),
        helper.make_node("FusedConv", ["a"], ["b"], name="own", domain="com.example"),
        helper.make_node("Einsum", ["b"], ["c"], name="sum", equation="abcde->abcde"),
        helper.make_node("Relu", ["c"], ["out"], name="last"),
    ]
    path = written(tmp_path / "net.onnx", nodes, domains=("", "com.example"))
    model = onnx.load(str(path))
    for name in "bc":
        model.graph.value_info.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, CLIP))
    onnx.save(model, str(path))
    assert main(["import", str(path), "--out", str(tmp_path / "net.yaml")]) == 2
    found = capsys.readouterr()
    first, second = found.err.splitlines()
    assert first.endswith(
        "net.onnx:2: FusedConv (1x3x4x8x8 -> 1x3x4x8x8): is of the domain com.example, not ONNX's own; "
        "export it with ONNX's own operators"
    )
    assert second.endswith("net.onnx:3: Einsum (1x3x4x8x8 -> 1x3x4x8x8): is no operator that is read here")


def test_what_the_file_says_of_a_clip_cannot_be_said_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = written(tmp_path / "net.onnx", [relu()])
    given = ["import", str(path), "--out", str(tmp_path / "net.yaml"), "--input", "1x3x4x8x9"]
    assert main(given) == 2
    assert capsys.readouterr().err == f"error: --input: 1x3x4x8x9, and {path} takes 1x3x4x8x8\n"


def test_without_the_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(onnx_file, "NEEDED", ("onnx", "no_such_package"))
    assert main(["import", str(tmp_path / "net.onnx"), "--out", str(tmp_path / "net.yaml")]) == 2
    assert "needs no_such_package; pip install 'costmodel[export]'" in capsys.readouterr().err
