"""A running network in each form that `emit` writes, and what it answers there, a stream frame by frame."""

from __future__ import annotations

import atexit
import subprocess
import sys
from ast import literal_eval
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from costmodel.emit import ClipNetwork, StreamNetwork
from costmodel.emit.export import (
    Cycle,
    export_onnx,
    export_onnx_frames,
    export_tflite,
    export_torch,
    names_of,
)
from costmodel.emit.source import source_text

Answers = list[Tensor | None]
Program = Callable[..., Sequence[Tensor]]
Running = ClipNetwork | StreamNetwork

# A process that has torch and none of our packages: for each folder that it is told it imports a file, reads
# weights and answers a clip; what it says is nothing, or what went wrong.
_ALONE = """
import importlib.util, pathlib, sys, traceback
sys.modules |= dict.fromkeys(("costmodel", "search", "reports", "commands", "cli"))
import torch
torch.set_num_threads(1)

def answer(folder):
    spec = importlib.util.spec_from_file_location("emitted", folder / "net.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = [each for each in vars(module).values() if getattr(each, "__module__", "") == "emitted"]
    weights, clip = torch.load(folder / "weights.pt"), torch.load(folder / "clip.pt")
    network = [each for each in made if isinstance(each, type)][-1]().to(clip.dtype).eval()
    network.load_state_dict(weights)
    with torch.no_grad():
        if hasattr(network, "forward_step"):
            answers = [network.forward_step(frame) for frame in clip.unbind(2)]
        else:
            answers = [network(clip)]
    torch.save(answers, folder / "answers.pt")

for line in sys.stdin:
    try:
        answer(pathlib.Path(line.rstrip("\\n")))
        said = ""
    except Exception:
        said = traceback.format_exc()
    print(repr(said), flush=True)
"""


def module_answers(network: Running, clip: Tensor) -> Answers:
    """What the module itself answers, a stream from its first step on."""
    with torch.no_grad():
        if isinstance(network, StreamNetwork):
            network.reset()
            return [network.forward_step(frame) for frame in clip.unbind(2)]
        return [network(clip)]


def write_source(network: Running, clip: Tensor, folder: Path) -> None:
    """Writes a network as source, its weights, and a clip, for `answer_alone`."""
    folder.mkdir(exist_ok=True)
    (folder / "net.py").write_text(source_text(network.graph))
    torch.save(network.state_dict(), folder / "weights.pt")
    torch.save(clip, folder / "clip.pt")


@cache
def _process_alone() -> subprocess.Popen[str]:
    """One for all sources: it takes longer to load torch than to answer."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _ALONE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(process.communicate)
    return process


def answer_alone(folder: Path) -> Answers:
    """What the source in a folder answers in a process of its own that cannot import costmodel."""
    process = _process_alone()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{folder}\n")
    process.stdin.flush()
    said = process.stdout.readline()
    assert said, f"the process that answers alone has ended: {process.wait()}"
    assert not literal_eval(said), literal_eval(said)
    answers: Answers = torch.load(folder / "answers.pt")
    return answers


def as_source(network: Running, clip: Tensor, folder: Path) -> Answers:
    write_source(network, clip, folder)
    return answer_alone(folder)


def as_torch_export(network: Running, clip: Tensor, folder: Path) -> Answers:
    export_torch(network, folder / "net.pt2", len(clip))
    program = torch.export.load(folder / "net.pt2").module()
    return list(in_cycles(network, clip, program))


def as_onnx(network: Running, clip: Tensor, folder: Path) -> Answers:
    runtime = pytest.importorskip("onnxruntime")
    export_onnx(network, folder / "net.onnx", len(clip))
    session = runtime.InferenceSession(str(folder / "net.onnx"), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    if isinstance(network, StreamNetwork):
        assert names == names_of(Cycle(network))[0]

    def run(*inputs: Tensor) -> list[Tensor]:
        given = {name: tensor.numpy() for name, tensor in zip(names, inputs, strict=True)}
        return [torch.from_numpy(each) for each in session.run(None, given)]

    return list(in_cycles(network, clip, run))


def as_onnx_of_rank_4(network: Running, clip: Tensor, folder: Path, **layout: Any) -> Answers:
    """A stream's ONNX file, run from what it says of itself alone."""
    pytest.importorskip("onnxruntime")
    from costmodel.emit.onnx.stream_file import StreamFile

    assert isinstance(network, StreamNetwork)
    export_onnx_frames(network, folder / "net.onnx", len(clip), **layout)
    file, found = StreamFile(folder / "net.onnx"), list[Tensor | None]()
    for frames in clip.split(file.layout["cycle"], dim=2):
        outputs, valid = file.step(frames.transpose(1, 2).flatten(0, 1).contiguous().numpy())
        by_phase = dict.fromkeys(range(file.layout["cycle"]), None) | {
            phase: torch.from_numpy(outputs[:, number]).unsqueeze(2)
            for number, phase in enumerate(file.layout["answers"])
            if valid[:, number].all()
        }
        found += [
            None if each is None else network._answer(each[:, :, 0], own_time=False)
            for each in by_phase.values()
        ]
    return found


def as_tflite(network: Running, clip: Tensor, folder: Path) -> Answers:
    """A stream's TFLite file, run from what it says of itself alone."""
    pytest.importorskip("ai_edge_litert")

    assert isinstance(network, StreamNetwork)
    export_tflite(network, folder / "net.tflite")
    return tflite_answers(network, clip, folder / "net.tflite")


def tflite_answers(network: StreamNetwork, clip: Tensor, path: Path) -> Answers:
    """What a TFLite file of a stream answers, step by step."""
    from costmodel.emit.tflite.stream_file import LiteStream

    file, found = LiteStream(path), list[Tensor | None]()
    for frames in clip[0].movedim(0, -1).split(network.cycle):
        answers, valid = file.step(frames.contiguous().numpy())
        by_phase: dict[int, Tensor | None] = dict.fromkeys(range(network.cycle))
        for number, phase in enumerate(file.layout["answers"]):
            if valid[number]:
                answer = torch.from_numpy(answers[number]).movedim(-1, 0)[None, :, None]
                by_phase[phase] = network._answer(answer[:, :, 0], own_time=False)
        found += by_phase.values()
    return found


def in_cycles(network: Running, clip: Tensor, run: Program) -> Iterator[Tensor | None]:
    """Answers by step, None where they are not valid; the state is handed from cycle to cycle."""
    if not isinstance(network, StreamNetwork):
        answer = run(clip)
        yield answer if isinstance(answer, Tensor) else answer[0]
        return
    cycle = Cycle(network)
    state: Sequence[Tensor] = cycle.initial_state(len(clip))
    for frames in clip.split(cycle.cycle, dim=2):
        outputs, valid, *state = run(frames.contiguous(), *state)
        found = iter(range(outputs.shape[2]))
        for phase in range(cycle.cycle):
            number = next(found) if network.program.answers(phase) else None
            is_valid = number is not None and bool(valid[:, number].all())
            yield network._answer(outputs[:, :, number], own_time=False) if is_valid else None


def assert_alike(found: Answers, expected: Answers, tolerance: float) -> None:
    """Answers at the same steps, equal within a share of the largest value."""
    assert [each is None for each in found] == [each is None for each in expected]
    pairs = [(one, two) for one, two in zip(found, expected, strict=True) if one is not None]
    assert pairs
    for one, two in pairs:
        assert two is not None
        assert one.shape == two.shape
        assert (one - two).abs().max() <= tolerance * two.abs().max()
