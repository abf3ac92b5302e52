"""The warning of fp16 is measured, and stands where fp16 is slow alone."""

import pytest
import torch

from costmodel.emit import half


@pytest.mark.parametrize(("slower", "is_told"), [(20.0, True), (1.2, False)])
def test_a_processor_that_imitates_fp16_is_told_of(
    slower: float, is_told: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(half, "_seconds", lambda dtype: slower if dtype == torch.float16 else 1.0)
    assert ("takes 20 times as long" in half.half_precision_note("cpu")) == is_told


def test_a_gpu_is_not_measured(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(half, "_seconds", lambda dtype: pytest.fail("measured"))
    assert half.half_precision_note("cuda") == ""


def test_a_product_of_matrices_takes_time():
    assert half._seconds(torch.float32) > 0
