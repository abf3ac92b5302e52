"""Exported steps in each form, in turn: one frame tap by tap, one in loops, several at a step.

`pytest -m slow tests/benchmarks/test_step_speed.py -s` prints the figures of X3D-S and M; it asserts that all
forms answer alike, never a time.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from statistics import median

import pytest
import torch
from torch import Tensor

from costmodel import continual, load
from costmodel.emit import StreamNetwork, emit, fold_norms
from costmodel.emit.backends import Runner, available
from costmodel.emit.bench.setting import Setting
from costmodel.emit.bench.subjects import network_of
from costmodel.emit.modules.forms import for_other_runtimes

ROUNDS = 30
FIRST = "1 frame, tap by tap"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("variant", ["S", "M"])
def test_steps_in_each_form(variant: str, capsys: pytest.CaptureFixture[str]):
    if "exported" not in available(torch.device("cpu")):
        pytest.skip("needs a C++ compiler")
    torch.set_num_threads(1)
    stream = network_of(continual(load("x3d", variant=variant)), None, Setting())
    assert isinstance(stream, StreamNetwork)
    size = int(stream.graph.source.height)
    frames = torch.randn(1, 3, 4, size, size)
    forms = {
        FIRST: _settled(stream, 1, frames, for_other_runtimes()),
        "1 frame, in loops": _settled(stream, 1, frames, nullcontext()),
        "4 frames, in full": _settled(stream, 4, frames, nullcontext()),
    }
    spent: dict[str, list[float]] = {name: [] for name in forms}
    for _ in range(ROUNDS):
        answers = {}
        for name, runner in forms.items():
            # Processor time: of one thread it is not stretched by whatever else the machine does.
            start = time.process_time()
            answers[name] = _four(runner, frames)
            spent[name].append((time.process_time() - start) / 4)
    first = answers[FIRST]
    assert all((each - first).abs().max() <= 1e-4 * first.abs().max() for each in answers.values())
    with capsys.disabled():
        for name, seconds in spent.items():
            times = median(spent[FIRST]) / median(seconds)
            print(
                f"\nX3D-{variant}, {name}: {median(seconds) * 1000:.1f} ms a frame, {times:.2f} times less",
                end="",
            )


def _settled(stream: StreamNetwork, chunk: int, frames: Tensor, form: AbstractContextManager[None]) -> Runner:
    """A stream that has seen so many frames that its step has been prepared, in a form."""
    own = emit(replace(stream.graph, chunk=chunk)).eval()
    own.load_state_dict(stream.state_dict())
    assert isinstance(own, StreamNetwork)
    folded = fold_norms(own)
    assert isinstance(folded, StreamNetwork)
    runner = Runner(folded, "exported")
    with torch.no_grad(), form:
        for _ in range(folded.program.settled // 4 + 2):
            _four(runner, frames)
    return runner


@torch.no_grad()
def _four(runner: Runner, frames: Tensor) -> Tensor:
    """The answers to four frames, in chunks as the stream has them; none before its delay has passed."""
    chunks = torch.split(frames, runner.network.graph.chunk, 2)
    found = [runner.forward_steps(each)[0] for each in chunks]
    return torch.cat([each for each in found if each is not None] or [frames[:, :0]], 2)
