"""`convert` writes a folder of a proven stream, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import own_modules
import pytest
import torch
from safetensors.torch import load_file

from cli import main

FILE = own_modules.__file__
SIZES = ["--input", "1x3x4x8x8"]


@pytest.fixture(autouse=True)
def without_onnx(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exporters take seconds: one test has them run."""
    if "slow" not in request.keywords:
        monkeypatch.setattr("costmodel.emit.export.NEEDED", ("a_package_that_nobody_has",))


def test_a_module_becomes_a_folder_with_its_stream(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "net"
    assert main(["convert", f"{FILE}:Residual", *SIZES, "--out", str(out), "--format", "json"]) == 0
    shown = capsys.readouterr()
    held = {row["what"]: row["holds"] for row in json.loads(shown.out)["checks"]}
    assert held["stream_answers_equal_the_module"]
    assert held["source_equals_the_stream"]
    assert set(held.values()) == {True}
    assert "no ONNX: --as onnx: needs a_package_that_nobody_has" in shown.err
    files = ["README.md", "Residual.py", "Residual.yaml", "weights.safetensors"]
    assert sorted(each.name for each in out.iterdir()) == files
    assert [each.name for each in tmp_path.iterdir()] == ["net"]
    page = (out / "README.md").read_text()
    assert "| multiply-adds | 156 k | 39.1 k |" in page
    assert "It looks 2 frames (2 camera frames, 0.06667 s at 30 fps) ahead" in page
    assert "first answer after 5 frames (5 camera frames, 0.1667 s at 30 fps) and then one at each" in page
    assert "Changed: squeeze-excite pools each frame alone, in place of the clip." in page


def test_the_files_are_one_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "net"
    assert main(["convert", f"{FILE}:Shared", *SIZES, "--out", str(out)]) == 0
    written: dict[str, object] = {}
    exec((out / "Shared.py").read_text(), written)
    stream = written["Shared"]()
    stream.load_state_dict(load_file(out / "weights.safetensors"))
    assert stream.eval().forward_step(torch.rand(1, 3, 8, 8)) is None
    capsys.readouterr()
    given = ["validate", str(out / "Shared.yaml"), "--weights", str(out / "weights.safetensors")]
    assert main([*given, "--against", f"{FILE}:Shared", "--continual"]) == 0


def test_a_flattened_clip_is_repaired_with_its_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["convert", f"{FILE}:Flattened", *SIZES, "--out", str(tmp_path / "net")]) == 0
    page = (tmp_path / "net" / "README.md").read_text()
    assert (
        "Changed: in place of the flattened clip and the linear layer, the convolution that they are" in page
    )
    assert "its answers there are those of the module's own head: " in page


def test_what_has_no_exact_stream_is_diagnosed_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    given = ["convert", f"{FILE}:Numbers", *SIZES, "--out", str(tmp_path / "net"), "--format", "json"]
    assert main(given) == 1
    assert json.loads(capsys.readouterr().out)["obstacles"][0]["effect"] == "refused"
    assert list(tmp_path.iterdir()) == []


def test_a_stream_that_differs_is_not_written(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch):
    from costmodel.validation.beside import Beside

    made = Beside.stream
    monkeypatch.setattr(Beside, "stream", lambda own, clip, wanted: made(own, clip.roll(1, 2), wanted))
    assert main(["convert", f"{FILE}:Causal", *SIZES, "--out", str(tmp_path / "net")]) == 2
    assert "error: stream_features_equal_the_module: " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["convert", f"{FILE}:Causal", *SIZES, "--out", str(tmp_path)]) == 2
    told = f"error: {tmp_path}: is there already, expected a folder to be made\n"
    assert capsys.readouterr().err == told


@pytest.mark.slow
def test_the_onnx_file_answers_as_the_stream(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("onnxruntime")
    given = ["convert", f"{FILE}:Strided", *SIZES, "--out", str(tmp_path / "net"), "--format", "json"]
    assert main(given) == 0
    held = {row["what"]: row["holds"] for row in json.loads(capsys.readouterr().out)["checks"]}
    assert held["onnx_equals_the_stream"]
