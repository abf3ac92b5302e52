"""Steps of ops: the work of one frame, and what is kept between frames."""

import pytest

from costmodel.ops import (
    Conv,
    Delay,
    Step,
    infer,
)
from costmodel.ops.base import macs_of
from costmodel.types import TensorType

X = TensorType(8, 6, 5, 7)


def test_a_step_does_the_work_of_one_output_frame():
    conv = Conv(channels=4, kernel=(3, 3, 3))
    step = Step(conv.without_time_padding(), before=1)
    frame = X.with_time(1)
    assert infer(step, (frame,)) == conv.out(X).with_time(1)
    assert macs_of(step.work(frame)) * X.time == macs_of(conv.work(X))
    assert step.weights(frame) == conv.weights(X)


@pytest.mark.parametrize(("stride", "kept"), [(1, 4), (2, 2), (3, 2), (4, 1), (9, 1)])
def test_a_step_keeps_its_open_sums_or_its_window(stride: int, kept: int):
    conv = Conv(channels=3, kernel=(3, 1, 1), dilation=(2, 1, 1), stride=(stride, 1, 1), padding=(0, 0, 0))
    frame = X.with_time(1)
    assert Step(conv).carry(frame).kept == {"partial": TensorType(3, kept, 5, 7)}
    assert Step(conv, form="window").carry(frame).kept == {"frames": TensorType(8, 4, 5, 7)}


def test_a_delay_holds_as_many_tensors_as_frames_come_while_it_waits():
    assert Delay(wait=3, jump=2).carry(X.with_time(1)).kept == {"frames": TensorType(8, 2, 5, 7)}
