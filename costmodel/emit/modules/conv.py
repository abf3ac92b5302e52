"""Running convolutions: clips in one 3D convolution, frames by a 2D convolution for each tap in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod, sqrt
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel.emit.modules.base import WindowedLayer, even_pads, mirrors, uneven_pads
from costmodel.emit.modules.depthwise import convolve, learns_faster
from costmodel.emit.modules.frames import as_chunk, as_images
from costmodel.emit.modules.keeper import keeps
from costmodel.emit.modules.loops import looped_taps
from costmodel.emit.modules.products import product
from costmodel.emit.modules.texts import clips, windows
from costmodel.emit.modules.windows import windowed_keeper
from costmodel.emit.modules.written import (
    Written,
    differing,
    in_frames,
    keeps_frames,
    padded,
    pads_in_space,
    sliding,
    writes,
    writes_steps,
)
from costmodel.ops import Conv, Step
from costmodel.types import TensorType


class _Prepared(NamedTuple):
    """Weights of the taps in the layout that frames run fastest in, and the weight that they were made of."""

    key: tuple[object, ...]
    taps: tuple[Tensor, ...]


@mirrors(Conv)
class ConvLayer(WindowedLayer[Conv]):
    """A 3D convolution; on a frame each tap in time is a 2D convolution of its own, with no redundancy."""

    def __init__(self, op: Conv, x: TensorType) -> None:
        super().__init__(op, x)
        shapes = {name: tuple(map(int, shape)) for name, shape in op.weights(x).items()}
        self.groups = int(op.groups)
        self.weight = nn.Parameter(torch.empty(shapes["weight"]))
        self.bias = nn.Parameter(torch.empty(shapes["bias"])) if "bias" in shapes else None
        self._prepared: _Prepared | None = None
        self.inputs = int(x.channels)
        # A function of the class: a method of this layer would refer to it, and keep its weights in memory
        # until Python looks for garbage.
        self._runs = self._choose()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weights that keep the size of rectified values (He et al. 2015, eq. 10); biases are zero."""
        nn.init.normal_(self.weight, std=sqrt(2 / prod(self.weight.shape[1:])))
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, *clips: Tensor) -> Tensor:
        (clip,) = clips
        if (
            self.product_dtype is not None
            and self._runs is ConvLayer._multiply_matrix
            and self.kernel[0] == 1
        ):
            images = as_images(clip[:, :, :: self.stride[0]])
            return as_chunk(self._multiply_matrix(images, self.weight.flatten(1), self.bias), len(clip))
        # torch pads both ends of an axis alike; what one end has more, as a causal layer in time, goes ahead.
        uneven = uneven_pads(self.pads)
        if any(uneven):
            clip = functional.pad(clip, uneven)
        time, height, width = even_pads(self.pads)
        padding = (time, height, width)
        if learns_faster(clip, self.weight, self.groups):
            return convolve(clip, self.weight, self.bias, self.stride, padding, self.dilation)
        answer = functional.conv3d(
            clip, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )
        if self.inputs == 1 and clip.device.type == "cpu":
            # Grey clips have no layout of their own, and all later layers keep this one's: the fast one.
            answer = answer.contiguous(memory_format=torch.channels_last_3d)
        return answer

    def taps(self, frame: Tensor, wanted: tuple[int, ...]) -> list[Tensor]:
        weights, last = self._tap_weights(), self.kernel[0] - 1
        # The last tap closes a window, so that each output gets the bias once.
        return [self._runs(self, frame, weights[tap], self.bias if tap == last else None) for tap in wanted]

    def over(self, frames: list[Tensor]) -> Tensor:
        weights = self._tap_weights()
        total = self._runs(self, frames[-1], weights[-1], self.bias)
        # Added into the memory of the first product; the last weight has been used above.
        for frame, weight in zip(frames[:-1], weights, strict=False):
            total = total.add_(self._runs(self, frame, weight, None))
        return total

    def combine(self, partial: Tensor, tap: Tensor) -> Tensor:
        return tap.add_(partial)

    def slide(self, clip: Tensor) -> Tensor:
        if self._runs is ConvLayer._convolve:
            return self.forward(clip)
        (kernel, *_), (stride, *_), (dilation, *_) = self.kernel, self.stride, self.dilation
        weights, reach = self._tap_weights(), clip.shape[2] - dilation * (kernel - 1)
        seen = (clip[:, :, dilation * tap :][:, :, :reach:stride] for tap in range(kernel))
        taps = zip(map(as_images, seen), weights, strict=True)
        total = self._runs(self, *next(taps), self.bias)
        for images, weight in taps:
            total = total.add_(self._runs(self, images, weight, None))
        return as_chunk(total, len(clip))

    @property
    def gives_shares(self) -> bool:
        is_depthwise = self.groups == self.inputs == len(self.weight)
        return is_depthwise and self._runs is ConvLayer._convolve and not any(uneven_pads(self.pads[1:]))

    def looped(self, frame: Tensor) -> list[Tensor]:
        if self._runs is ConvLayer._scale:
            return super().looped(frame)
        taps = looped_taps(frame, self.weight, self.stride[1:], even_pads(self.pads[1:]), self.dilation[1:])
        return [*taps[:-1], self.closed(taps[-1])]

    def runs_in_loops(self, count: int) -> bool:
        if self._runs is ConvLayer._scale:
            return True
        # Of several frames each sum would be one over as many more products, which take minutes to compile.
        return count == 1 and self.gives_shares and self.weight.device.type == "cpu"

    def padded_shares(self, frames: Tensor) -> Tensor:
        _, height, width = even_pads(self.pads)
        padding = (self.dilation[0] * (self.kernel[0] - 1), height, width)
        return functional.conv3d(frames, self.weight, None, self.stride, padding, self.dilation, self.groups)

    def closed(self, results: Tensor) -> Tensor:
        return results if self.bias is None else results + self.bias.view(-1, 1, 1)

    def _choose(self) -> Callable[[ConvLayer, Tensor, Tensor, Tensor | None], Tensor]:
        """How one tap runs fastest on a frame."""
        if self.kernel[1:] != (1, 1) or any(map(any, self.pads[1:])):
            return ConvLayer._convolve
        if self.groups == 1:
            return ConvLayer._multiply_matrix
        # torch runs a depthwise convolution group by group: for X3D's
        # stem a product on the map was six times as fast (docs/speed.md).
        return ConvLayer._scale if self.groups == len(self.weight) == self.inputs else ConvLayer._convolve

    def _multiply_matrix(self, frame: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """A kernel of 1 x 1: a matrix product on the channels of every position."""
        positions = self._strided(frame).permute(0, 2, 3, 1)
        return product(positions, weight, bias, self.product_dtype).permute(0, 3, 1, 2)

    def _scale(self, frame: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """A depthwise kernel of 1 x 1: each channel times its weight, written so that it is counted."""
        shift = weight.new_zeros(()) if bias is None else bias.view(-1, 1, 1)
        return torch.addcmul(shift, self._strided(frame), weight.view(-1, 1, 1))

    def _strided(self, frame: Tensor) -> Tensor:
        _, height, width = self.stride
        return frame if height == width == 1 else frame[:, :, ::height, ::width]

    def _convolve(self, frame: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        uneven, padding = uneven_pads(self.pads[1:]), even_pads(self.pads[1:])
        if any(uneven):
            frame = functional.pad(frame, uneven)
        return functional.conv2d(
            frame, weight, bias, self.stride[1:], padding, self.dilation[1:], self.groups
        )

    def _tap_weights(self) -> tuple[Tensor, ...]:
        weight = self.weight
        # Gradients must reach the weight, and a compiler lays it out by itself: then nothing is kept.
        if torch.compiler.is_compiling() or (torch.is_grad_enabled() and weight.requires_grad):
            return tuple(map(self._as_run, weight.unbind(2)))
        # The version counts changes in place, of an optimizer or of a checkpoint that is read.
        key = (weight.data_ptr(), weight._version, weight.dtype, weight.device)
        if self._prepared is None or self._prepared.key != key:
            taps = (self._as_run(tap.detach()) for tap in weight.unbind(2))
            self._prepared = _Prepared(key, tuple(taps))
        return self._prepared.taps

    def _as_run(self, tap: Tensor) -> Tensor:
        if self._runs is ConvLayer._multiply_matrix:
            return tap.flatten(1)
        return tap.contiguous(memory_format=torch.channels_last)

    def __getstate__(self) -> dict[str, object]:
        # A copy's weight stands elsewhere, where another weight may have stood: its taps are laid out anew.
        return self.__dict__ | {"_prepared": None}


keeps(Conv)(windowed_keeper)


@writes(Conv)
def _written(op: Conv, x: TensorType) -> Written:
    options = sliding(op, x) | differing(groups=(op.groups, 1), bias=(op.bias, True))
    arguments = {"in_channels": x.channels, "channels": op.channels, "kernel_size": op.kernel}
    pads = pads_in_space(op, x)
    if not pads:
        return Written("nn.Conv3d", arguments, options, **padded(op, x))
    ahead = padded(op, x)
    carried = (*ahead.get("carried", ()), clips.PaddedConv3d)
    written = Written("PaddedConv3d", arguments, {"pads": pads, **options}, carried=carried)
    return replace(written, call_options=ahead.get("call_options", {}))


@writes_steps(Conv)
def _written_in_steps(step: Step, op: Conv, x: TensorType) -> Written:
    if keeps_frames(step, x) or pads_in_space(op, x):
        return in_frames(step, x)
    plain = _written(op, x)
    options = {**plain.options, **differing(before=(step.before, 0))}
    carried = (windows.OpenWindows, windows.StreamConv3d)
    return Written("StreamConv3d", plain.arguments, options, carried=carried)
