"""Windows over all frames of a chunk at once, with what was kept before it.

A window that keeps its open results has three forms, which give the same:

* `taps`: each tap in time runs on all frames that use it, as on images, and is added in its place. No product
  is made in vain.
* `full`: one 3D convolution on the new frames alone, padded by zeros in time, gives every open result its
  share. Products with those zeros are made in vain: k - 1 of each k frames more.
* `loops`: the taps of `taps`, each result a sum of its own, which a compiler makes in one loop. Depthwise
  kernels are written out for it, too (`loops.py`), where one frame comes at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

import torch
from torch import Tensor

from costmodel.emit.modules.base import Layer, WindowedLayer
from costmodel.emit.modules.forms import is_compiled
from costmodel.emit.modules.frames import as_chunk, as_images, in_time, written
from costmodel.emit.modules.keeper import Kept
from costmodel.ops import Op, Windowed


def is_full(layer: Layer[Op]) -> bool:
    """Whether a layer's open results are brought up to date in the full form: as docs/speed.md measured it.

    Of a depthwise convolution that is compiled: frames are read once, not once for each tap, and products
    with zeros are few beside what is moved. Where channels are mixed those products would be work, and a
    kernel of 1 x 1 is a matrix product or a multiply-add, which no 3D convolution is as fast as.
    """
    return _is_compiled_window(layer) and layer.gives_shares


def is_looped(layer: Layer[Op], count: int) -> bool:
    """Whether a layer's taps run on so many frames map by map: for a compiler that makes one loop of all.

    Added to parts of a tensor of all results, they become loops that ask of each value where it lies.
    """
    return _is_compiled_window(layer) and layer.runs_in_loops(count)


def _is_compiled_window(layer: Layer[Op]) -> TypeGuard[WindowedLayer[Windowed]]:
    """Whether a compiler sees the layer, and every frame of a chunk is a tap of several outputs."""
    return is_compiled() and isinstance(layer, WindowedLayer) and layer.stride[0] == 1 and layer.kernel[0] > 1


def masked(frames: Tensor, seen: Tensor, value: float) -> Tensor:
    """A chunk with padding in the place of frames ahead of a stream's first: those counted below zero."""
    numbers = seen.unsqueeze(1) + torch.arange(frames.shape[2], device=seen.device)
    begun = (numbers >= 0)[:, None, :, None, None]
    return torch.where(begun, frames, torch.full_like(frames, value))


def in_taps(layer: WindowedLayer[Windowed], frames: Tensor, kept: Kept, phase: int) -> tuple[Tensor, Kept]:
    """The outputs of a chunk, whole strides, and the results that stay open, one tap after the other.

    Windows are numbered from the oldest that is open. Window n begins at frame n s, counted as `phase` is.
    """
    (kernel, *_), (stride, *_), (dilation, *_) = layer.kernel, layer.stride, layer.dilation
    oldest = -((dilation * (kernel - 1) - phase) // stride)
    opened, answers = -(-phase // stride) - oldest, frames.shape[2] // stride
    made: dict[int, Tensor] = {}
    for rest in dict.fromkeys((dilation * tap - phase) % stride for tap in range(kernel)):
        taps = tuple(tap for tap in range(kernel) if (dilation * tap - phase) % stride == rest)
        images = layer.taps(as_images(frames[:, :, rest::stride]), taps)
        made |= {tap: as_chunk(each, len(frames)) for tap, each in zip(taps, images, strict=True)}
    firsts = [(phase + (dilation * tap - phase) % stride - dilation * tap) // stride for tap in range(kernel)]
    joined = {first - oldest + number for first in firsts for number in range(answers)}
    # A chunk shorter than a dilation passes by some of the windows that are open: these only change places.
    old = [number for number in range(opened) if number in joined]
    # The first tap opens a window for each output; no other was there before.
    results = torch.cat((in_time([kept[number] for number in old]), made[0]), 2) if old else made[0]
    places = {number: place for place, number in enumerate(sorted(joined))}
    for tap in range(1, kernel):
        first = places[firsts[tap] - oldest]
        layer.join(results[:, :, first : first + answers], made[tap])
    # What stays open would keep the memory of all results as a view of them.
    still = (
        results[:, :, places[number]].clone() if number in places else kept[number]
        for number in range(answers, answers + opened)
    )
    return results[:, :, :answers], (*still, *kept[opened:])


def in_loops(layer: WindowedLayer[Windowed], frames: Tensor, kept: Kept) -> tuple[Tensor, Kept]:
    """The outputs of a chunk and the results that stay open, of stride 1 in time, each a sum by itself."""
    count, last = frames.shape[2], layer.kernel[0] - 1
    maps: list[Tensor | None] = [*kept, *(None,) * count]
    for number, frame in enumerate(frames.unbind(2)):
        for tap, share in enumerate(layer.looped(frame)):
            place = number + layer.dilation[0] * (last - tap)
            before = maps[place]
            maps[place] = share if before is None else before + share
    sums = [each for each in maps if each is not None]  # of each place, once all frames have been seen
    return _stacked(sums[:count]), tuple(map(written, sums[count:]))


def in_full(layer: WindowedLayer[Windowed], frames: Tensor, kept: Kept) -> tuple[Tensor, Kept]:
    """The outputs of a chunk and the results that stay open, by one 3D convolution of stride 1 in time."""
    count, opened = frames.shape[2], len(kept)
    shares = layer.padded_shares(frames).unbind(2)
    # Map by map: to put what was kept into one tensor with zeros behind it moves each map three times more.
    maps = [share + old for share, old in zip(shares, kept, strict=False)]
    # A view of all shares would keep the memory of all in the state.
    maps += [share if place < count else share.clone() for place, share in enumerate(shares[opened:], opened)]
    return _stacked([layer.closed(each) for each in maps[:count]]), tuple(maps[count:])


def _stacked(outputs: Sequence[Tensor]) -> Tensor:
    """Outputs behind each other in time; to stack one would be a copy."""
    return outputs[0].unsqueeze(2) if len(outputs) == 1 else in_time(outputs)


def in_windows(layer: WindowedLayer[Windowed], frames: Tensor, kept: Kept, phase: int) -> Tensor:
    """The outputs of a chunk, whole strides, over the frames kept before it and its own."""
    if layer.kernel[0] == 1:  # a window over frames that its stride passes by would take them too
        return in_taps(layer, frames, kept, phase)[0]
    span = layer.dilation[0] * (layer.kernel[0] - 1)
    clip = torch.cat((in_time(kept), frames), 2) if kept else frames
    # The first window that a frame of the chunk completes begins at a multiple of the stride.
    return layer.slide(clip[:, :, (span - phase) % layer.stride[0] :])
