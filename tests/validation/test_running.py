"""Networks that are measured: every number of them is drawn, and norms are settled on clips that fit."""

import pytest
import torch

from costmodel.validation import running as module
from costmodel.validation.random_networks import random_graph, random_stream
from costmodel.validation.running import drawn
from tests.shared.checked import residual


@pytest.fixture
def empty_is_nan():
    """Memory that nobody has written to holds NaN."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(before)


@pytest.mark.parametrize("make", [random_graph, random_stream])
def test_no_number_of_a_network_is_left_as_memory_was(empty_is_nan, make):
    assert torch.empty(1).isnan()
    for seed in range(12):
        drawn.cache_clear()
        values = drawn(make(seed), 0)
        assert [name for name, each in values.items() if not each.isfinite().all()] == []


def test_norms_of_long_clips_are_settled_on_fewer(monkeypatch):
    clips = []
    frames_of = module.frames_of
    monkeypatch.setattr(
        module, "frames_of", lambda graph, batch, *rest: clips.append(batch) or frames_of(graph, batch, *rest)
    )
    for most in (module.MOST_NUMBERS, 1):
        drawn.cache_clear()
        monkeypatch.setattr(module, "MOST_NUMBERS", most)
        assert drawn(residual(), 0)["bn.running_var"].min() > 0
    assert clips == [module.SAMPLES, 1]
