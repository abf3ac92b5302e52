"""Checkpoints of others on the command line: by their layout, by a mapping, by order, through transforms."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from costmodel import load
from costmodel.__main__ import main
from costmodel.emit import emit
from costmodel.emit.randomise import randomise
from costmodel.emit.weights import read_checkpoint

SPEC = """
input: {channels: 1, time: 4, height: 24, width: 24}
sizes: {classes: 12}
network:
  - conv: {name: a, channels: 3, kernel: [1, 3, 3]}
  - bn: {name: a_bn}
  - conv: {name: b, channels: 3}
  - global_pool
  - linear: {name: c, channels: classes}
"""
MAPPING = "theirs: {rules: [['x.0.*', 'a.*'], ['x.1.*', 'a_bn.*'], ['x.2.*', 'b.*'], ['x.3.*', 'c.*']]}"
# the four of a_bn
ORDERED = "note: taken by order: 4 of 8 tensors have a shape that others have too"
NUMBERS = {"a": "x.0", "a_bn": "x.1", "b": "x.2", "c": "x.3"}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    """A spec, a mapping, and weights in its names, in others, and in others below a prefix."""
    monkeypatch.chdir(tmp_path)
    Path("n.yaml").write_text(SPEC)
    Path("m.yaml").write_text(MAPPING)
    network = emit(load("n.yaml"))
    randomise(network, 1)
    own = network.state_dict()
    split = [(*name.split("."), value) for name, value in own.items()]
    theirs = {f"module.{NUMBERS[layer]}.{name}": value for layer, name, value in split}
    torch.save(own, "own.pt")
    torch.save({"model": {"state_dict": theirs}}, "theirs.pt")
    return own


def run(command: str) -> int:
    return main(command.split())


@pytest.mark.parametrize("how", ["--mapping m.yaml", "--by-order"])
def test_emit_reads_names_of_others(files, capsys, how: str):
    assert run(f"emit n.yaml --weights theirs.pt {how} --out n.py") == 0
    written = torch.load("n.pt", weights_only=True)
    assert all(torch.equal(written[name], files[name]) for name in files)
    told = capsys.readouterr().err
    assert (ORDERED in told) == (how == "--by-order")
    assert ("(theirs layout, below 'module.')" in told) == (how != "--by-order")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--mapping m.yaml", "--mapping: says how --weights are read; expected them"),
        ("--by-order", "--by-order: says how --weights are read; expected them"),
        (
            "--weights own.pt --mapping m.yaml --by-order",
            "--by-order: takes no names, expected it without --mapping",
        ),
        ("--weights own.pt --mapping none.yaml", "none.yaml: there is no such file"),
        (
            "--weights own.pt --mapping m.yaml",
            "m.yaml:1: theirs.rules[0]: 'x.0.*' names no tensor of the checkpoint, expected at least one",
        ),
        ("--weights theirs.pt", "theirs.pt: none of its 8 tensors has a name of this network"),
    ],
)
def test_what_cannot_be_read_is_one_line(files, capsys, options: str, message: str):
    assert run(f"emit n.yaml {options} --out n.py") == 2
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith(f"error: {message}")


def trained(options: str) -> dict[str, Tensor]:
    """Weights after a training of the classifier alone: the others are as it started."""
    data = "--data digits:train=4,val=4 --recipe digits --batch 4 --epochs 0.001 --threads 1 --out out"
    assert run(f"train n.yaml {data} {options}") == 0
    return read_checkpoint("out/weights.safetensors")


def test_training_folded_starts_from_weights_with_norms(files):
    found = trained("--fold --weights theirs.pt --mapping m.yaml --freeze")
    scale = files["a_bn.weight"] / (files["a_bn.running_var"] + 1e-5).sqrt()
    torch.testing.assert_close(found["a.weight"], files["a.weight"] * scale.view(-1, 1, 1, 1, 1))
    torch.testing.assert_close(found["a.bias"], files["a_bn.bias"] - files["a_bn.running_mean"] * scale)
    assert "a_bn.weight" not in found


@pytest.mark.parametrize("options", ["", "--fold"])
def test_evaluate_reads_names_of_others(files, capsys, options: str):
    data = "--data digits:train=4,val=24 --threads 1 --format json"
    answers = []
    for weights in ("own.pt", "theirs.pt --mapping m.yaml", "theirs.pt --by-order"):
        assert run(f"evaluate n.yaml {data} --weights {weights} {options}") == 0
        told = capsys.readouterr()
        answers.append(told.out)
        assert told.err.count(ORDERED) == ("--by-order" in weights)
    assert answers[0] == answers[1] == answers[2]


def test_validate_takes_weights_by_a_mapping(files, capsys):
    assert run("validate n.yaml --continual --weights theirs.pt --mapping m.yaml --format json") == 0
    *_, last = json.loads(capsys.readouterr().out)["checks"]
    assert last["what"] == "answers_with_these_weights"
    assert "9 tensors read from theirs.pt (theirs layout, below 'module.')" in last["note"]
    assert run("validate --random 1 --weights own.pt") == 2
    assert capsys.readouterr().err == "error: --weights: are for a SPEC; name one\n"
