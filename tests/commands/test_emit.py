"""`emit` writes a network that runs, and says what it wrote."""

from __future__ import annotations

import runpy

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
