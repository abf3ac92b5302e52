"""Weights and data of other classes, and trainings that start from a file of weights."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import cli
from costmodel.emit import emit
from costmodel.emit.weights_format import read_weights, write_weights
from costmodel.errors import DataError
from costmodel.network import Network
from costmodel.spec.document import from_text
from costmodel.weights import About, read_weights_file
from search.data import open_data
from search.train.about import about_training, must_have_learned
from search.train.options import Options
from search.train.recipe import load_recipe

SPEC = """
name: tiny
input: {channels: 1, time: frames, height: 8, width: 8}
sizes: {frames: 2, classes: 12}
network:
  - conv: {name: stem, channels: 3, kernel: [1, 3, 3]}
  - bn
  - global_pool
  - linear: {name: fc, channels: classes}
"""
DATA = "digits:train=16,val=12,length=4"
TRAIN = ("--data", DATA, "--recipe", "digits", "--epochs", "1", "--threads", "1")


def written(folder: Path, classes: tuple[str, ...]) -> Path:
    network = Network(from_text(SPEC, "tiny"), {"classes": len(classes)})
    path = folder / "w.safetensors"
    torch.manual_seed(0)
    write_weights(path, emit(network.graph()).state_dict(), About(network, classes))
    return path


@pytest.mark.parametrize(
    ("classes", "found"),
    [
        (("a", "b"), "its weights know 2 classes, the data has 12"),
        (("other",), "class 0 is 'other' to its weights, '0or6or8 cross' in the data"),
    ],
)
def test_data_of_other_classes_is_named(tmp_path: Path, classes: tuple[str, ...], found: str):
    data = open_data(DATA)
    learned = classes if len(classes) > 1 else (*classes, *data.classes[1:])
    path = written(tmp_path, learned)
    with pytest.raises(DataError) as error:
        must_have_learned(read_weights_file(path), data)
    assert str(error.value) == f"{path}: of other classes: {found}"
    must_have_learned(read_weights_file(path), replace(data, classes=learned))


def test_each_score_has_a_name_though_a_search_gives_a_network_more_of_them():
    network, data = Network(from_text(SPEC, "tiny"), {"classes": 14}), open_data(DATA)
    recipe = load_recipe("digits")
    about = about_training(network, data, recipe, Options(), 0.5)
    assert about.classes == (*data.classes, "no class: score 12", "no class: score 13")
    assert About.from_text(about.to_text()).classes == about.classes


def test_evaluation_on_other_classes_is_one_line_and_code_2(tmp_path: Path, capsys):
    path = written(tmp_path, ("a", "b"))
    assert cli.main(["evaluate", str(path), "--data", DATA]) == 2
    expected = f"error: {path}: of other classes: its weights know 2 classes, the data has 12\n"
    assert capsys.readouterr().err == expected


def test_a_training_starts_from_a_file_of_weights(tmp_path: Path, capsys):
    path = written(tmp_path, ("a", "b"))
    command = ["train", str(path), *TRAIN, "--out", str(tmp_path / "run")]
    assert cli.main(command) == 2
    assert capsys.readouterr().err.endswith(
        "has 12; --new-classifier begins a new one, --freeze trains that alone\n"
    )
    assert cli.main([*command, "--freeze"]) == 0
    before, after = (read_weights(each)[1] for each in (path, tmp_path / "run" / "weights.safetensors"))
    assert torch.equal(before["stem.weight"], after["stem.weight"])
    assert after["fc.weight"].shape == (12, 3)


@pytest.mark.parametrize(("options", "rate"), [((), None), (("--fps", "25"), 12.5)])
def test_the_rate_of_the_videos_over_every_is_the_networks(tmp_path: Path, options, rate):
    (tmp_path / "n.yaml").write_text(SPEC.replace("width: 8}", "width: 8, every: 2}"))
    out = tmp_path / "run"
    command = ["train", str(tmp_path / "n.yaml"), "--data", DATA, "--recipe", "digits", "--epochs", "0.001"]
    assert cli.main([*command, "--threads", "1", "--out", str(out), *options]) == 0
    assert read_weights_file(out / "weights.safetensors").known.frame_rate == rate


@pytest.mark.parametrize("fps", ["0", "-1", "nan", "inf"])
def test_what_is_no_rate_is_refused(tmp_path: Path, capsys, fps: str):
    path = written(tmp_path, ("a", "b"))
    assert cli.main(["train", str(path), *TRAIN, f"--fps={fps}", "--out", str(tmp_path / "run")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(f": {float(fps)} frames a second, expected a rate above zero")
