"""The best network of a search as a folder; every command that it names works as pasted."""

import json
import shlex
from pathlib import Path

import in_process  # noqa: F401 - registers an engine
import pytest

import cli
from costmodel.analysis.cost import analyze
from costmodel.emit.weights_format import read_weights
from costmodel.network import Network

SPEC = """
name: tiny
input: {channels: 1, time: frames, height: 10, width: 10, every: 4}
sizes: {frames: 2, wide: 4, classes: 99}
axes:
  Wide: {moves: wide, bounds: [1, 64]}
network:
  - conv: {name: stem, channels: wide, kernel: [3, 3, 3], stride: [1, 2, 2]}
  - bn
  - relu
  - global_pool
  - linear: {name: fc, channels: classes}
"""
DATA = "digits:train=16,val=12,length=16"
TRAINED = ("--score", "train", "--with", f"data={DATA}", "--with", "epochs=1", "--engine", "in_process")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(SPEC)


def search(*more: str) -> int:
    budget = ("--budget", "macs_per_clip<=2x")
    return cli.main(["search", "tiny.yaml", *budget, "--study", "s.db", "--out", "drawn", *more])


def commands_of(page: Path) -> list[list[str]]:
    lines = [line.strip() for line in page.read_text().splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("costmodel ")]


@pytest.mark.filterwarnings("ignore")
def test_a_trained_winner_is_a_spec_weights_figures_and_a_page(capsys: pytest.CaptureFixture[str]):
    assert search(*TRAINED) == 0
    printed = capsys.readouterr().out.partition("as a folder: ")[2]
    assert cli.main(shlex.split(printed)[1:]) == 0
    folder = Path("s.best")
    names = {"README.md", "figures.json", "network.yaml", "weights.safetensors"}
    assert {path.name for path in folder.iterdir()} == names
    figures = json.loads((folder / "figures.json").read_text())
    file, _ = read_weights(folder / "weights.safetensors")
    assert figures["accuracy"] == file.known.accuracy.value == figures["score"]
    assert figures["settings"] == {"frames": 2, "wide": 8, "classes": 12}  # as many classes as the data has
    written = analyze(Network.of(folder / "network.yaml").graph()).totals
    assert figures["figures"]["macs_per_clip"] == written["macs_per_clip"]
    evaluated = [words for words in commands_of(folder / "README.md") if words[0] == "evaluate"]
    assert evaluated == [["evaluate", "s.best/weights.safetensors", "--data", DATA, "--seed", "0"]]
    for words in commands_of(folder / "README.md"):
        assert cli.main(words) == 0, words
    spec = ["evaluate", "s.best/network.yaml", "--weights", "s.best/weights.safetensors", "--data", DATA]
    assert cli.main(spec) == 0


@pytest.mark.filterwarnings("ignore")
def test_a_winner_that_was_never_trained_has_no_weights_and_says_so(capsys: pytest.CaptureFixture[str]):
    assert search("--continual") == 0
    assert cli.main(["study", "export", "s.db", "--best", "--out", "best"]) == 0
    told = capsys.readouterr().err
    page = Path("best", "README.md")
    assert "No weights are kept of it" in page.read_text()
    assert {path.name for path in Path("best").iterdir()} == {"README.md", "figures.json", "network.yaml"}
    for words in commands_of(page):
        assert f"next: costmodel {shlex.join(words)}\n" in told
        assert cli.main(words) == 0, words


def test_a_search_without_a_winner_and_a_folder_that_is_a_file_are_one_line(capsys):
    assert search() == 0
    for arguments, message in (
        (["--search", "9", "--out", "best"], "s.db: there is no search 9"),
        (["--out", "tiny.yaml"], "tiny.yaml/network.yaml: cannot be written, "),
    ):
        capsys.readouterr()
        assert cli.main(["study", "export", "s.db", "--best", *arguments]) == 2
        assert capsys.readouterr().err.startswith(f"error: {message}")
