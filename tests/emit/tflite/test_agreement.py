"""A trained network answers in 8 bits as it does in 32, over long streams whose state is fed back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli import main
from search.data import open_data
from search.data.views import View, centre_clips

pytest.importorskip("ai_edge_litert")
pytest.importorskip("onnxruntime")

STREAMS, STEPS, EVERY, CROP = 120, 220, 2, 20
GIVEN = "COSTMODEL_DIGITS_WEIGHTS"  # what TRAINED has written; without it a network is trained here
SIZES = {"frames": 16, "gamma_tau": EVERY, "crop": CROP}
TRAINED = [
    *("train", "digits", "--recipe", "digits", "--data", "digits:train=3000,val=600,length=32"),
    *(word for name, size in SIZES.items() for word in ("--set", f"{name}={size}")),
]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if GIVEN in os.environ:
        return Path(os.environ[GIVEN])
    folder = tmp_path_factory.mktemp("trained")
    assert main([*TRAINED, "--out", str(folder)]) == 0
    return folder / "weights.safetensors"


@pytest.fixture(scope="module")
def clips() -> tuple[np.ndarray, np.ndarray]:
    """Long validation videos (streams, steps, channels, height, width) and their classes."""
    found = open_data(f"digits:train=12,val={STREAMS},length={STEPS * EVERY}").validation
    index = np.arange(STREAMS)
    shown = centre_clips(found, index, View(STEPS, EVERY, CROP, CROP)).numpy()
    return shown.swapaxes(1, 2), found.labels[index]


def written(weights: Path, folder: Path, name: str, *options: str) -> Path:
    """A file that `emit` writes of the stream."""
    line = ["emit", str(weights), "--continual", "--state", "window", "--fold", "--out", str(folder / name)]
    assert main([*line, *options]) == 0
    return folder / name


def in_32_bits(path: Path, clips: np.ndarray) -> np.ndarray:
    """The scores (streams, answers, classes) of all streams at once."""
    from costmodel.emit.onnx.stream_file import StreamFile

    file, found = StreamFile(path), []
    for frames in clips.swapaxes(0, 1):
        answers, valid = file.step(np.ascontiguousarray(frames))
        if valid.all():
            found.append(answers.reshape(STREAMS, -1))
    return np.stack(found, axis=1)


def in_8_bits(file: Any, clips: np.ndarray) -> np.ndarray:
    """The same, stream by stream."""
    scores = []
    for clip in clips:
        file.reset()
        steps = (file.step(np.ascontiguousarray(frame[None])) for frame in clip)
        scores.append([answers.ravel() for answers, valid in steps if valid.all()])
    return np.array(scores)


@pytest.mark.slow
def test_8_bits_name_the_class_that_32_do_in_98_of_100_streams(weights, clips, tmp_path):
    from costmodel.emit.onnx.stream_file import StreamFile
    from costmodel.emit.tflite.stream_file import LiteStream

    shown, labels = clips
    expected = in_32_bits(
        written(weights, tmp_path, "32.onnx", "--as", "onnx", "--batch", str(STREAMS)), shown
    )
    right = (expected[:, -1].argmax(1) == labels).mean()
    assert right > 0.7  # of a network that knows little, classes are a matter of chance
    small = ("--quantize", "int8", "--data", "digits:train=3000,val=12")
    lite = LiteStream(written(weights, tmp_path, "8.tflite", "--as", "tflite", *small))
    onnx = StreamFile(written(weights, tmp_path, "8.onnx", "--as", "onnx", *small))
    for name, found in (
        ("TFLite", in_8_bits(lite, shown.transpose(0, 1, 3, 4, 2))),
        ("ONNX", in_8_bits(onnx, shown)),
    ):
        agree = expected.argmax(2) == found.argmax(2)
        hits = (found[:, -1].argmax(1) == labels).mean()
        print(
            f"{name}: {agree[:, -1].mean():.1%} of {STREAMS} streams after {STEPS} steps, "
            f"{agree.mean():.2%} of all answers; right {hits:.1%}, in 32 bits {right:.1%}"
        )
        assert agree[:, -1].mean() >= 0.98
        assert agree.mean() >= 0.98
