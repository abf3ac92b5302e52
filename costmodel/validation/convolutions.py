"""Convolutions that torch runs slowly on a CPU, above all those in 64 bits.

In these it runs depthwise ones channel by channel, and those of clips by columns of all taps of the whole
clip, which take gigabytes where it is long. Networks are checked in 64 bits, in which nobody else runs them,
and three quarters of the time of checking an X3D went to its depthwise layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.weak import WeakTensorKeyDictionary

from costmodel.numbers import ceil_div

Convolution = Callable[..., Tensor]

MOST_COLUMNS = 2**21  # numbers, 16 MiB: what is read at once stays in the processor's cache
MOST_OF_FRAMES = 2**18  # of those that taps in time share, 2 MiB: of more a product takes no less time
FEW_PIXELS = 2
MOST_PAIRS = 2**16  # of places that are answered and numbers that are read: more take as long tap by tap

# Made of weights that are still there, as a network has them for each tap in time; and their version.
_PREPARED: MutableMapping[Tensor, tuple[int, dict[tuple[Any, ...], Tensor]]] = WeakTensorKeyDictionary()


@contextmanager
def of_doubles() -> Iterator[None]:
    """While it is entered, convolutions in 64 bits on a CPU run depthwise tap by tap, or in pieces of a clip.

    In place of torch's two functions: a mode that sees all of torch's calls costs a fifth of the time.
    """
    with _taken_over(torch.float64, _in_doubles):
        yield


@contextmanager
def of_torch() -> Iterator[None]:
    """While it is entered, convolutions are torch's own: to count operations, as here some are left out."""
    with _in_place(torch.conv2d, torch.conv3d):
        yield


@contextmanager
def of_pixels() -> Iterator[None]:
    """While it is entered, convolutions that answer a pixel or two run tap by tap in 32 bits too.

    Of MoViNet's kernels of 5 x 5 on maps of one pixel torch's own take thirty times as long.
    """
    with _taken_over(torch.float32, _of_few_pixels):
        yield


@contextmanager
def _taken_over(dtype: torch.dtype, run: Callable[[Convolution, _Given], Tensor]) -> Iterator[None]:
    of_frames = _taking_over(2, dtype, functional.conv2d, run)
    with _in_place(of_frames, _taking_over(3, dtype, functional.conv3d, run)):
        yield


@contextmanager
def _in_place(of_frames: Convolution, of_clips: Convolution) -> Iterator[None]:
    frames, clips = functional.conv2d, functional.conv3d
    functional.conv2d, functional.conv3d = of_frames, of_clips
    try:
        yield
    finally:
        functional.conv2d, functional.conv3d = frames, clips


def _taking_over(
    axes: int, dtype: torch.dtype, torch_s_own: Convolution, run: Callable[[Convolution, _Given], Tensor]
) -> Convolution:
    """A convolution that runs those of a precision on a CPU by `run`, which is given torch's own too."""

    def convolution(*args: Any, **kwargs: Any) -> Tensor:
        if kwargs or not _is_on_cpu(dtype, *args):
            return torch_s_own(*args, **kwargs)
        return run(torch_s_own, _given(axes, args))

    return convolution


def _in_doubles(torch_s_own: Convolution, given: _Given) -> Tensor:
    if _is_depthwise(given):
        return _tap_by_tap(given)
    if _sees_padding_most(given):
        return _by_taps_that_read(given)
    return torch_s_own(*given) if given.clip.dim() == 4 else _in_pieces(torch_s_own, given)


def _of_few_pixels(torch_s_own: Convolution, given: _Given) -> Tensor:
    is_few = _has_few_pairs(given) or prod(_taps_of(given)[0]) <= FEW_PIXELS
    if _is_depthwise(given) and is_few:
        return _tap_by_tap(given)
    return _by_taps_that_read(given) if _sees_padding_most(given) else torch_s_own(*given)


class _Given(NamedTuple):
    """What a convolution is given, of each axis its own."""

    clip: Tensor
    weight: Tensor
    bias: Tensor | None
    strides: tuple[int, ...]
    pads: tuple[int, ...]
    steps: tuple[int, ...]
    groups: int


def _given(axes: int, args: tuple[Any, ...]) -> _Given:
    clip, weight, bias, *of_axes, groups = args
    strides, pads, steps = (_of_each(axes, each) for each in of_axes)
    return _Given(clip, weight, bias, strides, pads, steps, groups)


def _is_depthwise(given: _Given) -> bool:
    return 1 < given.groups == given.weight.shape[0] == given.clip.shape[1]


def _is_on_cpu(dtype: torch.dtype, clip: Tensor, weight: Tensor, *rest: Any) -> bool:
    """Whether numbers of a precision are convolved there, by all arguments as layers give them."""
    is_there = clip.dtype == dtype and clip.device.type == "cpu"
    return is_there and len(rest) == 5 and not isinstance(rest[2], str)


def _in_pieces(convolve: Convolution, given: _Given) -> Tensor:
    """A convolution of clips, so many frames of its answer at once that the columns of their taps are few."""
    clip, weight, bias, strides, pads, steps, groups = given
    _, height, width = strides
    columns = weight[0].numel() * ceil_div(clip.shape[3], height) * ceil_div(clip.shape[4], width)
    at_once, (ahead, *in_space) = max(1, MOST_COLUMNS // columns), pads
    span = steps[0] * (weight.shape[2] - 1) + 1
    frames = (clip.shape[2] + 2 * ahead - span) // strides[0] + 1
    if frames <= at_once or weight[0, 0].numel() == 1:  # a product of matrices, without columns
        return convolve(*given)
    if groups == strides[0] == 1 and weight[0, 0, 0].numel() > 1:
        return _by_columns_of_frames(given)
    clip = functional.pad(clip, (0, 0, 0, 0, ahead, ahead))
    pieces = (clip[:, :, first * strides[0] :] for first in range(0, frames, at_once))
    seen = (piece[:, :, : (at_once - 1) * strides[0] + span] for piece in pieces)
    found = [convolve(each, weight, bias, strides, (0, *in_space), steps, groups) for each in seen]
    return torch.cat(found, dim=2)


def _by_columns_of_frames(given: _Given) -> Tensor:
    """A convolution of clips whose taps in time share the columns of a frame: what its taps in space read.

    torch's own makes columns for each tap in time anew, and gives them back: half of its time.
    """
    clip, weight, bias, _, (ahead, *_), (step, *_), _ = given
    (frames, *map_sizes), _ = _taps_of(given)
    answers, taps, positions = len(weight), weight.shape[2], prod(map_sizes)
    kernels = weight.permute(2, 0, 3, 4, 1).reshape(taps * answers, -1)
    total = clip.new_zeros((len(clip), answers, frames, *map_sizes))
    if bias is not None:
        total += bias.view(-1, 1, 1, 1)
    at_once = max(1, MOST_OF_FRAMES // (kernels.shape[1] * positions))
    for one, total_of_one in zip(clip, total.flatten(3), strict=True):
        for first in range(0, clip.shape[2], at_once):
            columns = _columns_of_frames(one[:, first : first + at_once], given, map_sizes)
            products = (kernels @ columns.t()).view(taps, answers, -1, positions)
            for tap, of_tap in enumerate(products):
                seen = _seen_by(tap * step - ahead - first, 1, of_tap.shape[1], frames)
                if seen:
                    answered, read = seen
                    total_of_one[:, answered] += of_tap[:, read]
    return total


def _columns_of_frames(frames: Tensor, given: _Given, sizes: Sequence[int]) -> Tensor:
    """What the taps in space read of each place of each frame: (frames * places, taps * channels)."""
    _, weight, _, (_, *strides), (_, height, width), (_, *steps), _ = given
    # Channels last, so that those of a tap are copied at once.
    padded = functional.pad(frames.permute(1, 2, 3, 0), (0, 0, width, width, height, height)).contiguous()
    frame, *axes, channel = padded.stride()
    of_places = [axis * stride for axis, stride in zip(axes, strides, strict=True)]
    of_taps = [axis * step for axis, step in zip(axes, steps, strict=True)]
    shape = (len(padded), *sizes, *weight.shape[3:], padded.shape[-1])
    read = padded.as_strided(shape, (frame, *of_places, *of_taps, channel))
    return read.reshape(len(padded) * prod(sizes), -1)


def _tap_by_tap(given: _Given) -> Tensor:
    """Each channel of clips under its own kernel, as torch's convolution gives it.

    Channels stand last in memory: many are added at once also where a map is a few pixels wide.
    """
    clip, weight, bias = given.clip.movedim(1, -1).contiguous(), given.weight, given.bias
    sizes, seen = _taps_of(given)
    if _has_few_pairs(given):
        return _pair_by_pair(given, clip, sizes)
    total = clip.new_zeros((clip.shape[0], *sizes, given.groups))
    if bias is not None:
        total += bias
    taps_of_channels = weight.flatten(1).t().contiguous()
    for tap, places, frames in seen:
        total[places].addcmul_(clip[frames], taps_of_channels[tap])
    return total.movedim(-1, 1)


def _has_few_pairs(given: _Given) -> bool:
    """Whether each place of the answer reads all there are: a zero for one would hide no NaN."""
    sizes, seen = _taps_of(given)
    read = prod(given.clip.shape[2:])
    if prod(sizes) * given.clip.numel() > MOST_PAIRS:
        return False
    seen_by = [prod(int(each.stop - each.start) for each in places[1:]) for _, places, _ in seen]
    return sum(seen_by) == prod(sizes) * read


def _pair_by_pair(given: _Given, clip: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """Where places are few all pairs of one of the answer and one of what it reads are added at once."""
    pairs = _weights_of_pairs(given)
    read = clip.reshape(len(clip), 1, -1, given.groups)
    total = (read * pairs).sum(2)
    if given.bias is not None:
        total += given.bias
    return total.reshape(len(clip), *sizes, given.groups).movedim(-1, 1)


def _weights_of_pairs(given: _Given) -> Tensor:
    """Of each place of the answer and each that it reads the weights of all channels."""
    _, *read = given.clip.shape[1:]
    known = _prepared(given.weight)
    geometry = (tuple(read), given.strides, given.pads, given.steps)
    if geometry not in known:
        sizes, seen = _taps_of(given)
        places, frames, taps = _numbered(sizes), _numbered(read), given.weight.flatten(1).t()
        pairs = given.weight.new_empty((prod(sizes), prod(read), given.groups))
        for tap, answered, reads in seen:
            pairs[places[answered[1:]].flatten(), frames[reads[1:]].flatten()] = taps[tap]
        known[geometry] = pairs
    return known[geometry]


def _prepared(weight: Tensor) -> dict[tuple[Any, ...], Tensor]:
    """What was made of a weight as it is now."""
    version, known = _PREPARED.get(weight, (-1, {}))
    if version != weight._version:
        known = {}
        _PREPARED[weight] = weight._version, known
    return known


def _sees_padding_most(given: _Given) -> bool:
    """Whether two thirds of the taps of a kernel over all channels read padding alone."""
    return given.groups == 1 and 0 < len(_taps_of(given)[1]) * 3 <= prod(given.weight.shape[2:])


def _by_taps_that_read(given: _Given) -> Tensor:
    """A convolution by products of matrices, one for each tap that reads more than padding."""
    clip, weight, bias = given.clip.movedim(1, -1), given.weight, given.bias
    sizes, seen = _taps_of(given)
    known = _prepared(weight) if weight.dim() == 4 else {}  # of clips each is read once
    total: Tensor | None = None
    for tap, places, frames in seen:
        if (tap,) not in known:
            known[(tap,)] = weight.flatten(2)[:, :, tap].contiguous()
        found = functional.linear(clip[frames], known[(tap,)])
        if total is None:
            total = found if found.shape[1:-1] == sizes else found.new_zeros((len(clip), *sizes, len(weight)))
        if total is not found:
            total[places] += found
    assert total is not None
    return (total if bias is None else total.add_(bias)).movedim(-1, 1)


def _numbered(sizes: Sequence[int]) -> Tensor:
    return torch.arange(prod(sizes)).view(*sizes)


Places = tuple[slice, ...]
Seen = tuple[tuple[int, ...], tuple[tuple[int, Places, Places], ...]]  # see `_seen_by_taps`


def _taps_of(given: _Given) -> Seen:
    _, *sizes = given.clip.shape[1:]
    return _seen_by_taps(tuple(sizes), tuple(given.weight.shape[2:]), given.strides, given.pads, given.steps)


@lru_cache(maxsize=1024)
def _seen_by_taps(
    sizes: tuple[int, ...],
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    pads: tuple[int, ...],
    steps: tuple[int, ...],
) -> Seen:
    """How large an answer is, and of each tap its number, the answers that it adds to, and what it reads.

    What it would read of padding is left out: zeros add nothing. On a map of one pixel all taps but one do.
    """
    answers, of_axes = list[int](), list[list[tuple[slice, slice] | None]]()
    for size, taps, by, pad, step in zip(sizes, kernel, strides, pads, steps, strict=True):
        answers.append((size + 2 * pad - step * (taps - 1) - 1) // by + 1)
        of_axes.append([_seen_by(tap * step - pad, by, size, answers[-1]) for tap in range(taps)])
    seen = list[tuple[int, Places, Places]]()
    for tap, of_axis in enumerate(product(*of_axes)):
        inside = [each for each in of_axis if each]
        if len(inside) == len(sizes):
            places, frames = zip(*inside, strict=True)
            seen.append((tap, (slice(None), *places), (slice(None), *frames)))
    return tuple(answers), tuple(seen)


def _seen_by(ahead: int, by: int, size: int, answers: int) -> tuple[slice, slice] | None:
    """The answers n that a tap adds to, and the places n * by + ahead that it reads of them; None without."""
    first, end = max(0, ceil_div(-ahead, by)), min(answers, (size - 1 - ahead) // by + 1)
    if first >= end:
        return None
    read = first * by + ahead
    return slice(first, end), slice(read, read + (end - first - 1) * by + 1, by)


def _of_each(axes: int, value: int | Sequence[int]) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value)
