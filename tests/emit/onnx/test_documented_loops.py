"""The loops that docs/emit.md shows answer as a stream's module does: in ONNX Runtime, C++ and LiteRT."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from costmodel import continual, load
from costmodel.emit import StreamNetwork, emit, randomise
from costmodel.emit.export import export_onnx_frames, export_tflite
from tests.shared.forms import module_answers

onnxruntime = pytest.importorskip("onnxruntime")
DOCUMENT = Path(__file__).parents[3] / "docs" / "emit.md"
# Where Debian puts them; compilers also look into the folders of CPLUS_INCLUDE_PATH.
INCLUDES = ("-I/usr/include/onnxruntime", "-I/usr/local/include/onnxruntime")
NEEDED = "#include <onnxruntime_cxx_api.h>\n#include <nlohmann/json.hpp>\n"


def code(language: str, about: str) -> str:
    """The block of the document that speaks of something."""
    blocks = re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    (found,) = (each for each in blocks if about in each)
    return str(found)


@pytest.fixture
def network() -> StreamNetwork:
    found = emit(continual(load("x3d", crop=32, frames=4, gamma_d=0.2))).eval()
    assert isinstance(found, StreamNetwork)
    randomise(found, 3)
    return found


@pytest.fixture
def clip(network: StreamNetwork) -> torch.Tensor:
    return torch.randn(1, 3, network.program.delay + 30, 32, 32, generator=torch.Generator().manual_seed(5))


@pytest.fixture
def expected(network: StreamNetwork, clip: torch.Tensor) -> np.ndarray:
    answers = [each for each in module_answers(network, clip) if each is not None]
    assert len(answers) >= 30
    return torch.cat(answers).flatten(1).numpy()


def frames_of(clip: torch.Tensor) -> Iterator[np.ndarray]:
    return (frame.contiguous().numpy() for frame in clip.unbind(2))


def run_python(folder: Path, monkeypatch: pytest.MonkeyPatch, clip: torch.Tensor) -> np.ndarray:
    """What the document's loop in Python answers, and that its last lines print a class for each answer."""
    monkeypatch.chdir(folder)
    printed: list[Any] = []
    space: dict[str, Any] = {"camera": (), "print": printed.append}
    exec(compile(code("python", "io_binding"), str(DOCUMENT), "exec"), space)
    return np.stack([answer.ravel() for answer in space["answers"](frames_of(clip))])


def must_be_alike(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.slow
def test_the_loop_in_python_answers_as_the_module_does(network, clip, expected, tmp_path, monkeypatch):
    export_onnx_frames(network, tmp_path / "stream.onnx")
    must_be_alike(run_python(tmp_path, monkeypatch, clip), expected)


@pytest.mark.slow
def test_the_loop_in_cpp_answers_as_that_in_python_does(network, clip, expected, tmp_path, monkeypatch):
    (library,) = (Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so.*") or (None,)
    program = compiled(tmp_path, library)
    export_onnx_frames(network, tmp_path / "stream.onnx")
    pixels = b"".join(frame.tobytes() for frame in frames_of(clip))
    done = subprocess.run([program, tmp_path / "stream.onnx"], input=pixels, capture_output=True, check=True)
    found = np.array([line.split() for line in done.stdout.decode().splitlines()], np.float32)
    np.testing.assert_array_equal(found, run_python(tmp_path, monkeypatch, clip))
    must_be_alike(found, expected)


def compiled(folder: Path, library: Path) -> Path:
    """The document's program in C++, with the headers that this machine has and the runtime of the tests."""
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    command = [compiler, "-std=c++17", *INCLUDES, "-x", "c++"]
    tried = subprocess.run(
        [*command, "-fsyntax-only", "-"], input=NEEDED, capture_output=True, text=True, check=False
    )
    if tried.returncode:
        missing = next(line for line in tried.stderr.splitlines() if "error" in line)
        pytest.skip(f"{missing}; Debian 13 has libonnxruntime-dev and nlohmann-json3-dev")
    (folder / "stream.cpp").write_text(code("cpp", "onnxruntime"))
    # the package of PyPI has not the name that programs ask for
    (folder / "libonnxruntime.so.1").symlink_to(library)
    ends = ["-x", "none", library, f"-Wl,-rpath,{folder}", "-o", folder / "stream"]
    done = subprocess.run(
        [*command, folder / "stream.cpp", *ends], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "stream"


@pytest.mark.slow
def test_the_loop_in_litert_answers_as_the_module_does(network, clip, expected, tmp_path, monkeypatch):
    pytest.importorskip("ai_edge_litert")
    export_tflite(network, tmp_path / "stream.tflite")
    monkeypatch.chdir(tmp_path)
    camera = (frame.transpose(0, 2, 3, 1) for frame in frames_of(clip))
    found: list[np.ndarray] = []
    space: dict[str, Any] = {"camera": camera, "print": found.append}
    exec(compile(code("python", "LiteStream("), str(DOCUMENT), "exec"), space)
    must_be_alike(np.concatenate(found).reshape(len(found), -1), expected)
