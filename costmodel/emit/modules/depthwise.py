"""Depthwise 3D convolutions that learn on a CPU: the same gradients as PyTorch's own, several times faster.

PyTorch's gradients of a depthwise 3D convolution run without the vector kernels that its forward pass has:
measured, they take 8 to 35 times as long. Here the gradient by the input is a forward pass of its own,
and the gradient by the weight is taken tap by tap in time, as of 2D convolutions, which have such kernels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Sizes = tuple[int, int, int]
_gradients = torch.ops.aten.convolution_backward


def learns_faster(clip: Tensor, weight: Tensor, groups: int) -> bool:
    """Whether a convolution is one whose gradients `convolve` takes faster."""
    return (
        groups == len(weight) == clip.shape[1]
        and weight.requires_grad
        and torch.is_grad_enabled()
        and clip.device.type == "cpu"
        and clip.dtype == weight.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
    )


def convolve(
    clip: Tensor, weight: Tensor, bias: Tensor | None, stride: Sizes, padding: Sizes, dilation: Sizes
) -> Tensor:
    """A depthwise 3D convolution of clips (clips, channels, time, height, width), each channel by itself."""
    answer: Tensor = _Depthwise.apply(clip, weight, bias, stride, padding, dilation)  # type: ignore[no-untyped-call]
    return answer


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        clip: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: Sizes,
        padding: Sizes,
        dilation: Sizes,
    ) -> Tensor:
        ctx.save_for_backward(clip, weight)
        ctx.stride, ctx.padding, ctx.dilation = stride, padding, dilation
        return functional.conv3d(clip, weight, bias, stride, padding, dilation, len(weight))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        clip, weight = ctx.saved_tensors
        (gradient,) = gradients
        # The layout that the vector kernels take; gradients
        # come in any, such as the one expanded value of a mean.
        gradient = gradient.contiguous(memory_format=torch.channels_last_3d)
        by_clip, by_weight, by_bias, *_ = ctx.needs_input_grad
        geometry = ctx.stride, ctx.padding, ctx.dilation
        return (
            _by_clip(gradient, clip, weight, *geometry) if by_clip else None,
            _by_weight(gradient, clip, weight, *geometry) if by_weight else None,
            gradient.sum((0, 2, 3, 4)) if by_bias else None,
            None,
            None,
            None,
        )


def _by_clip(
    gradient: Tensor, clip: Tensor, weight: Tensor, stride: Sizes, padding: Sizes, dilation: Sizes
) -> Tensor:
    """The gradient by the input: the gradient, zeros set between strides, under the turned kernel."""
    reach = [step * (taps - 1) for step, taps in zip(dilation, weight.shape[2:], strict=True)]
    outside = [far - before for far, before in zip(reach, padding, strict=True)]
    if min(outside) < 0:  # more padding than the kernel reaches over
        return _native(gradient, clip, weight, stride, padding, dilation, (True, False, False))[0]
    # A transposed convolution, written out: torch's own has no vector kernel for groups.
    if stride != (1, 1, 1):
        sizes = [
            size + 2 * before - far for size, before, far in zip(clip.shape[2:], padding, reach, strict=True)
        ]
        shape = (*gradient.shape[:2], *sizes)
        spread = torch.empty(shape, dtype=gradient.dtype, memory_format=torch.channels_last_3d).zero_()
        spread[:, :, :: stride[0], :: stride[1], :: stride[2]] = gradient
        gradient = spread
    return functional.conv3d(gradient, weight.flip(2, 3, 4), None, 1, outside, dilation, len(weight))


def _by_weight(
    gradient: Tensor, clip: Tensor, weight: Tensor, stride: Sizes, padding: Sizes, dilation: Sizes
) -> Tensor:
    """The gradient by the weight: tap by tap in time, as of 2D convolutions of the frames met."""
    if weight.shape[3:] == (1, 1):  # no 2D kernel to gain by
        return _native(gradient, clip, weight, stride, padding, dilation, (False, True, False))[1]
    taps = []
    frames, answers = clip.shape[2], gradient.shape[2]
    for tap, tap_weight in enumerate(weight.unbind(2)):
        ahead = tap * dilation[0] - padding[0]  # of the frame that answer 0 meets at this tap
        first = max(-(ahead // stride[0]), 0)
        end = min((frames - 1 - ahead) // stride[0] + 1, answers)
        if first >= end:
            # The tap meets nothing but padding.
            taps.append(torch.zeros_like(tap_weight))
            continue
        met = slice(ahead + first * stride[0], ahead + (end - 1) * stride[0] + 1, stride[0])
        seen, answered = _as_images(clip[:, :, met]), _as_images(gradient[:, :, first:end])
        kernel = tap_weight.contiguous(memory_format=torch.channels_last)
        geometry = stride[1:], padding[1:], dilation[1:]
        found = _gradients(
            answered, seen, kernel, None, *geometry, False, [0, 0], len(weight), [False, True, False]
        )
        taps.append(found[1])
    return torch.stack(taps, 2)


def _as_images(clips: Tensor) -> Tensor:
    """Clips as images (clips x time, channels, height, width), channels last."""
    last = clips.permute(0, 2, 3, 4, 1).contiguous()
    return last.flatten(0, 1).permute(0, 3, 1, 2)


def _native(
    gradient: Tensor,
    clip: Tensor,
    weight: Tensor,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    wanted: tuple[bool, bool, bool],
) -> tuple[Tensor, Tensor, Tensor]:
    found: tuple[Tensor, Tensor, Tensor] = _gradients(
        gradient, clip, weight, None, stride, padding, dilation, False, [0, 0, 0], len(weight), wanted
    )
    return found
