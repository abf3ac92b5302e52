"""The loop around an exported stream, from what the file says of itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from costmodel import continual
from costmodel.emit import emit, randomise
from costmodel.emit.export import export_onnx_frames
from tests.emit.test_export import strided

pytest.importorskip("onnxruntime")


@torch.no_grad()
@pytest.mark.parametrize("is_masked", [False, True])
def test_one_stream_of_a_batch_begins_anew_beside_another(is_masked: bool, tmp_path: Path):
    from costmodel.emit.onnx.stream_file import StreamFile

    network = emit(continual(strided())).eval()
    randomise(network, 3)
    export_onnx_frames(network, tmp_path / "net.onnx", 2, is_masked=is_masked)
    file, cycle = StreamFile(tmp_path / "net.onnx"), network.cycle
    clip = torch.randn(2, 3, 40 * cycle, 6, 6, generator=torch.Generator().manual_seed(5))
    for number, frames in enumerate(clip.split(cycle, 2)):
        if number == 13:
            file.reset([1])
            network.reset([1])
        answers, valid = file.step(frames.transpose(1, 2).flatten(0, 1).numpy())
        steps = [network.forward_step(frame) for frame in frames.unbind(2)]
        (expected,) = (each for phase, each in enumerate(steps) if network.program.answers(phase))
        assert valid[:, 0].tolist() == network.valid.tolist()
        if expected is not None:
            found = answers[valid[:, 0], 0].reshape(-1, expected[0].numel())
            np.testing.assert_allclose(found, expected[valid[:, 0]].flatten(1), rtol=1e-4, atol=1e-5)
