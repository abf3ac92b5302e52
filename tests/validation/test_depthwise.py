"""Depthwise convolutions tap by tap answer as torch's do, and no other call is touched."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from costmodel.validation import depthwise
from costmodel.validation.depthwise import tap_by_tap


def drawn(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(len(shape)), dtype=torch.float64)


CLIP, FRAME = drawn(2, 6, 7, 8, 9), drawn(2, 6, 8, 9)
CASES: dict[str, tuple[Any, ...]] = {
    "a clip": (functional.conv3d, CLIP, drawn(6, 1, 3, 3, 2), None, (1, 2, 1), (1, 0, 2), (2, 1, 1), 6),
    "a clip, over time": (functional.conv3d, CLIP, drawn(6, 1, 5, 1, 1), drawn(6), 1, (2, 0, 0), 1, 6),
    "a frame": (functional.conv2d, FRAME, drawn(6, 1, 3, 3), drawn(6), (2, 1), (1, 1), (1, 2), 6),
}


@pytest.mark.parametrize("case", CASES)
def test_answers_are_those_of_torch(case: str):
    convolution, *given = CASES[case]
    expected = convolution(*given)
    with tap_by_tap():
        found = convolution(*given)
    assert found.shape == expected.shape
    assert float((found - expected).abs().max()) < 1e-14


def test_convolutions_of_groups_and_of_32_bits_are_torch_s_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(depthwise, "_convolved", lambda *given: pytest.fail("taken over"))
    with tap_by_tap():
        functional.conv3d(CLIP, drawn(6, 2, 3, 3, 2), None, 1, 0, 1, 3)
        functional.conv3d(CLIP.float(), drawn(6, 1, 3, 3, 2).float(), None, 1, 0, 1, 6)
        functional.conv2d(FRAME, drawn(4, 6, 3, 3))
