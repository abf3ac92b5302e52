"""What a layer moves between memory and arithmetic: weights, maps and state, and its operations on them.

The model of a roofline (Williams, Waterman and Patterson 2009): each layer runs by itself and moves each of
its tensors once; nothing stays in a cache from one layer to the next, and no layers are fused. Batch 1.
"""

from __future__ import annotations

from math import gcd
from typing import NamedTuple

from costmodel.analysis.kinds import POOLS
from costmodel.conditions import equal
from costmodel.numbers import Size, ceil_div, is_zero, maximum, minimum, where
from costmodel.ops import Op
from costmodel.ops.base import params_of
from costmodel.types import TensorType, Window, Work

# Operations in each unit of work; two in a multiply-accumulate, one in all others. Batch norm scales and
# shifts, a pool takes each input once; its outputs and taps are other counts of the same work, as are the
# rows of a softmax and the values that recurrent layers keep.
OPERATIONS = {
    "norm": 2,
    **dict.fromkeys((kind for kind in POOLS if not kind.endswith(".inputs")), 0),
    **dict.fromkeys(("softmax.rows", "cells", "gates.kept"), 0),
}


class Traffic(NamedTuple):
    """Numbers moved for one output of a layer."""

    weights: Size
    inputs: Size
    outputs: Size
    state_read: Size
    state_written: Size

    @property
    def total(self) -> Size:
        """All numbers moved."""
        return sum(self)


# What an op keeps that says itself what that is, and of that what every step reads whole.
_READ_WHOLE = frozenset({"keys", "values"})
_OWN = frozenset({"past", "now"}) | _READ_WHOLE
NONE = Traffic(0, 0, 0, 0, 0)


class Chunk(NamedTuple):
    """The outputs that a layer has in one step of a stream of chunks, and how its first frame comes.

    `phase` is that frame's number, counted as a window's strides are, modulo the stride; `waiting` are the
    frames that have come into a delay by then and not left it.
    """

    outputs: int
    phase: Size = 0
    waiting: Size = 0


def traffic_of(op: Op, inputs: tuple[TensorType, ...], chunk: Chunk | None = None) -> Traffic:
    """The numbers that an op moves for one output, its state's among them.

    With `chunk` for all its outputs, all frames that they need at hand: weights and state move once.
    """
    outputs = 1 if chunk is None else chunk.outputs
    window, is_form, carried = op.window(*inputs), op.unwrapped is not op, op.carry(*inputs)
    # A whole shift of a stream hands on what it reads: frames are counted otherwise, and none is moved.
    is_shift = is_form and carried.combine == "none" and not window.unbounded and is_zero(window.span)
    stays = op.unwrapped.stays(*inputs)
    if stays is True or (is_form and window.looks_back) or is_shift:
        return NONE
    weights, out = params_of(op.weights(*inputs)), outputs * op.out(*inputs).values
    if is_form and not window.unbounded and not _OWN & carried.kept.keys():
        taken, read, written = _step(op, inputs[0], chunk)
        return Traffic(weights, taken, out, read, written)
    if op.is_wait:  # in a formula a wait may turn out to be none, and then nothing moves
        # In a chunk also where each frame leaves it in the chunk in which it came: none waits for the next.
        moved = where(equal(window.wait if chunk is None else chunk.waiting, 0), 0, out)
        held = moved if chunk is None else inputs[0].with_time(minimum(chunk.waiting, outputs)).values
        return Traffic(weights, moved, moved, held, held)
    # Between the frames of a clip as well something is kept, but nothing stays once the clip is answered.
    kept = carried.kept if is_form else {}
    written = sum(_some(each, outputs) for each in kept.values())
    read = sum(each.values if name in _READ_WHOLE else _some(each, outputs) for name, each in kept.items())
    taken = outputs * sum(x.values for x in inputs)
    if stays is not False:  # of a symbol or an array it is known later
        taken, out = where(stays, 0, taken), where(stays, 0, out)
    return Traffic(weights, taken, out, read, written)


def _some(kept: TensorType, outputs: int) -> Size:
    """Numbers of those frames that a step of so many outputs hands on, or takes the place of."""
    return kept.with_time(1 if outputs == 1 else minimum(kept.time, outputs)).values


def _step(op: Op, x: TensorType, chunk: Chunk | None) -> tuple[Size, Size, Size]:
    """Numbers read from the input, read from state and written to state, for one output, or a chunk of them.

    An output is the sum of k taps: its open result is written at the first, read and written at each between,
    and read at the last. An input window reads the k - 1 taps before the newest, and keeps each frame that a
    later output reads.
    """
    window, kept = op.window(x), op.carry(x).kept
    if chunk is not None and chunk.outputs * window.stride > 1:
        ((form, held),) = kept.items()
        return _of_chunk(window, x, held, chunk, is_partial=form == "partial")
    taken = _frames_used(window, window.kernel) * x.values
    if "partial" in kept:
        open_result = (window.kernel - 1) * op.out(x).values
        return taken, open_result, open_result
    return taken, (window.kernel - 1) * x.values, _frames_used(window, window.kernel - 1) * x.values


def _of_chunk(
    window: Window, x: TensorType, held: TensorType, chunk: Chunk, *, is_partial: bool
) -> tuple[Size, Size, Size]:
    """As `_step`, of a chunk: what is kept is read ahead of it and written behind it, never in between."""
    frames, used = chunk.outputs * window.stride, chunk.outputs * _frames_used(window, window.kernel)
    if is_partial:
        first = (window.span - chunk.phase) % window.stride  # the frame that closes the oldest open window
        read, written = (_touched(window, frames, each) for each in (first, first + frames))
        return used * x.values, held.with_time(read).values, held.with_time(written).values
    # All frames are joined with those kept, also such as the stride passes by.
    taken = used if is_zero(window.span) else frames
    return taken * x.values, held.values, held.with_time(minimum(held.time, frames)).values


def _touched(window: Window, frames: int, first: Size) -> Size:
    """Of the windows that are open at one end of a chunk, those of which a tap falls into the chunk.

    They are closed by every s-th frame from `first` on, counted from the start of the chunk, their taps
    d frames apart: in a chunk shorter than that some have none.
    """
    since = first % window.stride
    opened = ceil_div(maximum(window.span - since, 0), window.stride)
    if window.dilation <= frames:
        return opened
    most = range(int(ceil_div(window.span, window.stride)))  # open at any phase, which may be a symbol
    places = (((first + number * window.stride) % window.dilation, number < opened) for number in most)
    return sum(where(is_open, where(place < frames, 1, 0), 0) for place, is_open in places)


def _frames_used(window: Window, taps: Size) -> Size:
    """Of the `stride` new frames of an output, those that one of the first taps of some output reads."""
    return minimum(taps, window.stride // gcd(window.dilation, window.stride))  # then they come round again


def operations_of(work: Work) -> Size:
    """Operations, two for each multiply-accumulate: what a roofline counts."""
    return sum(_operations(kind) * amount for kind, amount in work.items())


def _operations(kind: str) -> int:
    return 2 if kind.startswith("mac.") else OPERATIONS.get(kind, 1)
