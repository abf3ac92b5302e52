"""How long a network takes to learn from a batch on a CPU, with our gradients and with PyTorch's own.

`pytest -m slow tests/benchmarks/test_training_speed.py -s` prints the figures; it asserts that all of them
are there, never a time.
"""

import time
from statistics import median
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from costmodel import load
from costmodel.emit import emit
from costmodel.emit.modules import conv
from costmodel.graph import Graph

ROUNDS = 15
NETWORKS: dict[str, tuple[Graph, int]] = {
    "digits, 1 frame": (load("digits"), 32),
    "digits, 16 frames": (load("digits", frames=16, gamma_tau=2), 32),
    "digits, 8 frames, wide inside": (load("digits", frames=8, gamma_tau=2, gamma_b=2.25), 32),
    "x3d_s, 6 frames of 96 x 96": (load("x3d_s", frames=6, crop=96), 4),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_batch_with_our_gradients_and_with_pytorch_s(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    graph, clips = NETWORKS[name]
    network = emit(graph).train()
    batch = torch.randn(clips, *graph.source).contiguous(memory_format=torch.channels_last_3d)
    forms = {"ours": conv.learns_faster, "native": lambda *_: False}
    seconds: dict[str, list[float]] = {form: [] for form in forms}
    torch.set_num_threads(1)
    for _ in range(ROUNDS):
        for form, chosen in forms.items():
            monkeypatch.setattr(conv, "learns_faster", chosen)
            seconds[form].append(_learned(network, batch))
    assert all(len(taken) == ROUNDS for taken in seconds.values())
    ours, native = (median(seconds[form]) * 1000 for form in forms)
    with capsys.disabled():
        print(f"\n{name}: {ours:.1f} ms, native {native:.1f} ms, ratio {native / ours:.2f}", end="")


def _learned(network: Any, batch: torch.Tensor) -> float:
    network.zero_grad(set_to_none=True)
    start = time.perf_counter()
    scores = network(batch)
    cross_entropy(scores, torch.zeros(len(batch), dtype=torch.long)).backward()
    return time.perf_counter() - start
