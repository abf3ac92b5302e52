"""From a search or a training to an ONNX file that a stranger's script runs, without a break.

The script knows the file, its metadata and onnxruntime, nothing of this project.
"""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import in_process  # noqa: F401 - registers an engine
import numpy as np
import pytest
import torch

import cli
from costmodel.emit import emit
from costmodel.emit.carried import load_carried
from costmodel.weights import read_weights_file

SCRIPT = """
import json, sys
import numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
about = session.get_modelmeta().custom_metadata_map
pixels, every, classes = (json.loads(about[name]) for name in ("pixels", "every", "classes"))
frames = numpy.load(sys.argv[2])[::every] / 255 * (pixels["to"] - pixels["from"]) + pixels["from"]
fed = ((frames - pixels["mean"]) / pixels["deviation"]).astype("float32").transpose(3, 0, 1, 2)[None]
layout = json.loads(about["layout"])
state = {each["input"]: numpy.empty(each["shape"], "float32") for each in layout["state"]}
for name, first, end, fill in layout["fills"]:
    state[name][:, first:end] = fill
given = ["outputs", *(each["output"] for each in layout["state"])]
cycle, delay, answers = layout["cycle"], layout["delay"], []
for run in range(fed.shape[2] // cycle):
    frames = fed[0, :, run * cycle : (run + 1) * cycle].swapaxes(0, 1)
    outputs, *after = session.run(given, {"frames": frames} | state)
    state = dict(zip(state, after))
    for each in layout["resets"]:
        places = [place for start, place in each["starts"] if start > run]
        if places:
            state[each["state"]][:, places[0] : each["end"]] = each["fill"]
    steps = [run * cycle + phase for phase in layout["answers"]]
    answers += [answer.ravel().tolist() for step, answer in zip(steps, outputs) if step >= delay]
best = classes[int(numpy.argmax(answers[-1][: len(classes)]))]
found = {"answers": answers, "best": best, "delay": json.loads(about["delay"])}
print(json.dumps(found | {"modules": sorted(sys.modules)}))
"""
# Small: an exporter takes most of the time, and that grows with the layers.
SPEC = """
name: tiny
input: {channels: 1, time: frames, height: 16, width: 16, every: 2}
sizes: {frames: 4, width: 4, classes: 2}
axes: {Width: {moves: width, bounds: [1, 64]}}
network:
  - conv: {name: stem, channels: width, kernel: [1, 3, 3], stride: [1, 2, 2]}
  - add:
      main: [conv: {name: temporal, channels: width, kernel: [3, 1, 1]}, bn: {name: norm}]
      skip: []
  - relu
  - global_pool
  - linear: {name: fc, channels: classes}
"""
DATA = "digits:train=8,val=4"
SMALL = ("--data", DATA, "--epochs", "1", "--threads", "1")
# d_resnet's blocks are left out but one, and its programs are long even so
BLOCKS = [word for n in (1, 2, 3, 4) for word in ("--set", f"blocks{n}=1")]
TRAINED = {
    "d_resnet": ("--variant", "R18", *BLOCKS, "--set", "frames=4", "--set", "crop=16"),
    "mobilenet_v2_3d": ("--set", "crop=32"),
    "slowfast": ("--set", "crop=32"),
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(SPEC)


def run(*words: object) -> None:
    assert cli.main([str(each) for each in words]) == 0, words


def answers_of_a_stranger(program: Path, video: np.ndarray) -> dict[str, object]:
    """What the script gives for a video, in a process that is kept from this project."""
    np.save("video.npy", video)
    Path("script.py").write_text(SCRIPT)
    told = subprocess.run(
        [sys.executable, "-I", "script.py", str(program), "video.npy"], capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    found: dict[str, object] = json.loads(told.stdout)
    ours = {"torch", "costmodel", "search", "commands"}
    assert not ours & set(found["modules"])  # type: ignore[call-overload]
    return found


def must_agree(weights: Path, program: Path) -> None:
    """A stranger's answers to a video are the module's, from the first one on."""
    about = read_weights_file(weights).known
    network = about.network.continual()
    stream = emit(network.graph()).eval()
    load_carried(network, stream, weights)
    source, delay = stream.graph.source, stream.program.delay
    frames = stream.cycle * (delay // stream.cycle + 3)
    shape = (frames * int(stream.graph.every), source.height, source.width, source.channels)
    video = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    found = answers_of_a_stranger(program, video)
    seen = torch.from_numpy(video[:: stream.graph.every]).movedim(-1, 0)[None] / 255
    with torch.no_grad():
        expected, valid = stream.forward_steps((seen - about.pixels.mean) / about.pixels.deviation)
    expected = expected.flatten(3).mean(3) if expected.dim() > 3 else expected
    expected = expected[0, :, valid[0]].T
    answers = torch.tensor(found["answers"])
    torch.testing.assert_close(answers, expected, rtol=1e-3, atol=1e-4)
    assert found["best"] == about.classes[int(expected[-1][: len(about.classes)].argmax())]
    assert found["delay"] == delay


@pytest.mark.filterwarnings("ignore")
def test_from_a_search_to_onnx(capsys: pytest.CaptureFixture[str]):
    score = ("--score", "train", "--with", f"data={DATA}", "--with", "epochs=1", "--engine", "in_process")
    study = ("--budget", "macs_per_clip<=2x", "--study", "s.db", "--out", "drawn")
    run("search", "tiny.yaml", *score, "--with", "recipe=digits", *study)
    run("study", "export", "s.db", "--best", "--out", "best")
    weights = Path("best", "weights.safetensors")
    capsys.readouterr()
    run("evaluate", weights, "--data", DATA, "--format", "json")
    accuracy = json.loads(capsys.readouterr().out)["accuracy"]
    assert accuracy == read_weights_file(weights).known.accuracy.value  # type: ignore[union-attr]
    page = Path("best", "README.md").read_text()
    (line,) = [line.strip() for line in page.splitlines() if "--as onnx" in line]
    run(*shlex.split(line)[1:])
    must_agree(weights, Path("best", "stream.onnx"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "spec", ["tiny.yaml", *(pytest.param(each, marks=pytest.mark.slow) for each in TRAINED)]
)
def test_from_a_training_to_onnx(spec: str):
    run("train", spec, *TRAINED.get(spec, ()), *SMALL, "--out", "run")
    weights = Path("run", "weights.safetensors")
    run("evaluate", weights, "--data", DATA)
    run("emit", weights, "--continual", "--as", "onnx", "--out", "stream.onnx")
    must_agree(weights, Path("stream.onnx"))
