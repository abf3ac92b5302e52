"""Padding as it runs beside what fields mean; a default that forgets dilation is found."""

import pytest
from small_clips import clip

from costmodel.numbers import Size
from costmodel.ops import MaxPool, Windowed
from costmodel.ops.windowed import Pad
from costmodel.transforms.dissect import Dissect
from costmodel.types import TensorType
from costmodel.validation.definitions import declared
from costmodel.validation.windows import check_windows

DILATED = "- conv: {channels: 4, kernel: [3, 3, 3], dilation: [2, 1, 2]}"
CAUSAL = "- conv: {channels: 4, kernel: [3, 1, 1], causal: true, stride: [2, 1, 1]}"
FIELDS = (
    DILATED,
    CAUSAL,
    "- max_pool: {kernel: [2, 3, 3], stride: [2, 2, 2], ceil_mode: true, padding: 0}",
    "- conv: {channels: 4, kernel: [4, 3, 2], groups: 4}",
    "- conv: {channels: 4, kernel: [3, 3, 3], stride: [2, 2, 1], padding: same}",
    "- avg_pool: {kernel: [5, all, 1], padding: [[3, 1], 0, 0]}\n- adaptive_avg_pool: {size: [all, 1, 2]}",
    "- subsample: {stride: [3, 1, 1]}\n- global_pool",
)


@pytest.mark.parametrize("network", FIELDS)
def test_windows_see_what_their_fields_mean(network: str):
    (check,) = check_windows(clip(network))
    assert check.holds, check.note


def test_a_pool_to_a_size_whose_frames_are_given_slides():
    network = clip("- conv: {channels: 4, kernel: [3, 3, 3]}\n- adaptive_max_pool: {size: [1, 2, 1]}")
    (check,) = check_windows(Dissect()(network))
    assert check.holds, check.note


def test_default_padding_that_forgets_dilation_is_found(monkeypatch: pytest.MonkeyPatch):
    def forgetful(op: Windowed, axis: int) -> Pad:
        return op.kernel[axis] // 2 if op.padding is None else op.padding[axis]

    monkeypatch.setattr(Windowed, "_given_on", forgetful)
    (check,) = check_windows(clip(DILATED))
    assert not check.holds
    assert check.note.startswith(
        "conv sees in time 11 outputs, the middle one of [4, 6, 8], by its fields 13"
    )


def test_causal_padding_that_stands_behind_is_found(monkeypatch: pytest.MonkeyPatch):
    honest = Windowed.pads

    def turned(op: Windowed, axis: int, x: TensorType) -> tuple[Size, Size]:
        before, after = honest(op, axis, x)
        return (after, before) if op.causal else (before, after)

    monkeypatch.setattr(Windowed, "pads", turned)
    assert [each.holds for each in check_windows(clip(CAUSAL))] == [False]


def test_an_odd_window_sees_as_far_ahead_as_behind():
    pool = MaxPool(kernel=(5, 1, 1), dilation=(2, 1, 1), stride=(3, 1, 1))
    assert [sorted(each) for each in declared(pool, 0, 10).outputs] == [
        [0, 2, 4],
        [1, 3, 5, 7],
        [2, 4, 6, 8],
        [5, 7, 9],
    ]
