"""Depthwise kernels written as sums: the same taps as convolutions give, however the frame lies in memory."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from costmodel.emit.modules.loops import looped_taps


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation"),
    [
        ((3, 3, 3), (1, 1), (1, 1), (1, 1)),
        ((5, 3, 1), (2, 1), (1, 0), (1, 1)),
        ((3, 5, 5), (2, 2), (2, 2), (1, 1)),
        ((2, 2, 3), (1, 3), (0, 3), (2, 3)),
    ],
)
def test_each_tap_is_a_convolution_of_the_frame(layout, kernel, stride, padding, dilation):
    torch.manual_seed(0)
    frame = torch.randn(2, 5, 11, 12, dtype=torch.float64).contiguous(memory_format=layout)
    weight = torch.randn(5, 1, *kernel, dtype=torch.float64)
    taps = looped_taps(frame, weight, stride, padding, dilation)
    expected = [
        functional.conv2d(frame, tap, None, stride, padding, dilation, groups=5) for tap in weight.unbind(2)
    ]
    assert len(taps) == kernel[0]
    assert all(torch.allclose(*each, rtol=0, atol=1e-12) for each in zip(taps, expected, strict=True))
    # As maps lie: channels last.
    assert all(each.is_contiguous(memory_format=torch.channels_last) for each in taps)
