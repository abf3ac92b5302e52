"""Gradients of depthwise convolutions, taken faster, are PyTorch's own."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import conv3d

from costmodel.emit.modules.depthwise import convolve, learns_faster

Triple = tuple[int, int, int]


@st.composite
def geometries(draw: st.DrawFn) -> tuple[Triple, Triple, Triple, Triple, Triple]:
    """Kernel, stride, padding, dilation and the size of a clip that the kernel fits in."""
    sides = [
        (draw(st.integers(1, 5)), draw(st.integers(1, 3)), draw(st.integers(0, 4)), draw(st.integers(1, 3)))
        for _ in range(3)
    ]
    least = [max(1, dilation * (kernel - 1) + 1 - 2 * padding) for kernel, _, padding, dilation in sides]
    size = tuple(draw(st.integers(side, side + 5)) for side in least)
    return *zip(*sides, strict=True), size  # type: ignore[return-value]


@settings(deadline=None, max_examples=60)
@given(geometries(), st.booleans())
def test_gradients_are_those_of_pytorch(
    geometry: tuple[Triple, Triple, Triple, Triple, Triple], with_bias: bool
) -> None:
    kernel, stride, padding, dilation, size = geometry
    random = torch.Generator().manual_seed(0)
    channels = 3
    clip = torch.randn(2, channels, *size, dtype=torch.double, generator=random, requires_grad=True)
    weight = torch.randn(channels, 1, *kernel, dtype=torch.double, generator=random, requires_grad=True)
    bias = torch.randn(channels, dtype=torch.double, generator=random, requires_grad=True)
    values = (clip, weight, bias) if with_bias else (clip, weight)
    shift = bias if with_bias else None
    expected = conv3d(clip, weight, shift, stride, padding, dilation, channels)
    found = convolve(clip, weight, shift, stride, padding, dilation)
    along = torch.randn(expected.shape, dtype=torch.double, generator=random)
    assert torch.equal(found, expected)
    for ours, theirs in zip(
        torch.autograd.grad(found, values, along), torch.autograd.grad(expected, values, along), strict=True
    ):
        torch.testing.assert_close(ours, theirs)


def test_only_depthwise_float32_that_learns_is_taken() -> None:
    clip, weight = torch.zeros(1, 4, 3, 5, 5), torch.zeros(4, 1, 3, 3, 3, requires_grad=True)
    assert learns_faster(clip, weight, 4)
    assert not learns_faster(clip, weight.detach(), 4)
    assert not learns_faster(clip.double(), weight, 4)
    assert not learns_faster(clip, torch.zeros(4, 2, 3, 3, 3, requires_grad=True), 2)
    with torch.no_grad():
        assert not learns_faster(clip, weight, 4)
    with torch.autocast("cpu", torch.bfloat16):
        assert not learns_faster(clip, weight, 4)
