"""State that no answer needs is found, and the layer named."""

import pytest
from small_clips import clip

from costmodel import continual
from costmodel.ops import Step
from costmodel.transforms.continual import State
from costmodel.types import Carry, TensorType
from costmodel.validation.kept import check_kept

NETWORKS = {
    "strided": "- conv: {channels: 4, kernel: [5, 1, 1], stride: [2, 1, 1]}\n- global_pool",
    "dilated": "- conv: {channels: 4, kernel: [3, 1, 1], dilation: [2, 1, 1]}\n- max_pool: {kernel: 3}",
    "branches": "- add: {a: [conv: {channels: 4, kernel: [3, 1, 1]}], b: []}\n- shift: {past: 0.25}",
    "memory": "- gru: {channels: 3}\n- cumulative_pool: {of: max}\n- lstm: {channels: 2}",
    "pooled": "- avg_pool: {kernel: [9, 1, 1]}\n- gate: {x: [], g: [global_pool, sigmoid]}\n- global_pool",
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("state", ["partial", "window", "smallest"])
def test_all_that_is_kept_is_needed(network: str, state: State):
    (check,) = check_kept(continual(clip(network), state=state, excite="clip"))
    assert check.holds, check.note


def test_open_sums_of_a_strided_layer_that_are_never_open_are_found(monkeypatch: pytest.MonkeyPatch):
    honest = Step.carry

    def unstrided(op: Step, x: TensorType) -> Carry:
        carried = honest(op, x)
        span = op.inner.window(x).span
        return Carry(carried.combine, {name: each.with_time(span) for name, each in carried.kept.items()})

    monkeypatch.setattr(Step, "carry", unstrided)
    (check,) = check_kept(continual(clip(NETWORKS["strided"])))
    assert (check.holds, check.predicted > check.measured) == (False, True)
    assert check.note.startswith("conv keeps 144, its answers need 72")


def test_frames_between_the_taps_of_a_strided_window_are_told():
    conv = "- conv: {channels: 4, kernel: [3, 1, 1], stride: [2, 1, 1], dilation: [2, 1, 1]}\n- global_pool"
    (check,) = check_kept(continual(clip(conv), state="window"))
    assert check.holds
    assert check.note == "conv keeps the 144 of its window, of which answers need 72"
