"""Costs that are counted wrong, or that a step does not need, are found."""

from typing import Any

import pytest
from checked import residual, wrong
from torch import Tensor

from costmodel import continual
from costmodel.analysis import phases
from costmodel.emit.modules.conv import ConvLayer
from costmodel.emit.modules.windows import PartialKeeper
from costmodel.ops import (
    Conv,
)


def test_a_miscounted_layer_is_found(monkeypatch: pytest.MonkeyPatch):
    honest = Conv.work
    monkeypatch.setattr(Conv, "work", lambda op, x: {kind: 2 * each for kind, each in honest(op, x).items()})
    assert {"macs_per_clip", "macs_per_frame", "macs_worst_step"} <= wrong(continual(residual())).keys()


def test_redundant_products_of_a_step_are_found(monkeypatch: pytest.MonkeyPatch):
    honest = ConvLayer.taps

    def wasteful(layer: ConvLayer, frame: Tensor, wanted: tuple[int, ...]) -> list[Tensor]:
        every = honest(layer, frame, tuple(range(layer.kernel[0])))
        return [every[tap] for tap in wanted]

    monkeypatch.setattr(ConvLayer, "taps", wasteful)
    found = wrong(continual(residual()))
    assert found["macs_per_frame"].measured > found["macs_per_frame"].predicted


def test_work_in_another_phase_than_predicted_is_found(monkeypatch: pytest.MonkeyPatch):
    honest = phases.macs_by_phase
    shifted = lambda *at: ((phase + 1, macs) for phase, macs in honest(*at))  # noqa: E731
    monkeypatch.setattr("costmodel.validation.costs.macs_by_phase", shifted)
    assert wrong(continual(residual())).keys() == {"phases_with_other_macs"}


def test_memory_that_a_state_keeps_alive_is_counted(monkeypatch: pytest.MonkeyPatch):
    honest = PartialKeeper.step

    def viewing(keeper: PartialKeeper, frame: Tensor, kept: Any, phase: int) -> Any:
        output, kept = honest(keeper, frame, kept, phase)
        return output, tuple(each.repeat(2, 1, 1, 1)[:1] for each in kept)

    monkeypatch.setattr(PartialKeeper, "step", viewing)
    found = wrong(continual(residual()))["state_floats"]
    assert found.measured > found.predicted
