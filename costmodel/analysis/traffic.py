"""What a layer moves between memory and arithmetic: weights, maps and state, and its operations on them.

The model of a roofline (Williams, Waterman and Patterson 2009): each layer runs by itself and moves each of
its tensors once; nothing stays in a cache from one layer to the next, and no layers are fused. Batch 1.
"""

from __future__ import annotations

from math import gcd
from typing import NamedTuple

from costmodel.analysis.kinds import POOLS
from costmodel.conditions import equal
from costmodel.numbers import Size, is_zero, minimum, where
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


def traffic_of(op: Op, inputs: tuple[TensorType, ...], chunk: int | None = None) -> Traffic:
    """The numbers that an op moves for one output, its state's among them.

    With `chunk` for so many outputs, all frames that they need at hand: weights and state move once.
    """
    outputs = 1 if chunk is None else chunk
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
        moved = where(equal(window.wait, 0), 0, out)
        held = moved if outputs == 1 else _some(carried.kept["frames"], outputs)
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


def _step(op: Op, x: TensorType, chunk: int | None) -> tuple[Size, Size, Size]:
    """Numbers read from the input, read from state and written to state, for one output, or a chunk of them.

    An output is the sum of k taps: its open result is written at the first, read and written at each between,
    and read at the last. An input window reads the k - 1 taps before the newest, and keeps each frame that a
    later output reads. Of a chunk, results that are open and frames that are kept are read ahead of it and
    written behind it, none in between.
    """
    outputs = 1 if chunk is None else chunk
    window, kept = op.window(x), op.carry(x).kept
    taken = outputs * _frames_used(window, window.kernel) * x.values
    frames = outputs * window.stride
    if chunk is not None and frames > 1:
        (held,) = kept.values()
        if "partial" in kept:
            touched = held.with_time(minimum(held.time, outputs * (window.kernel - 1))).values
            return taken, touched, touched
        return taken, held.values, held.with_time(minimum(held.time, frames)).values
    if "partial" in kept:
        open_result = (window.kernel - 1) * op.out(x).values
        return taken, open_result, open_result
    return taken, (window.kernel - 1) * x.values, _frames_used(window, window.kernel - 1) * x.values


def _frames_used(window: Window, taps: Size) -> Size:
    """Of the `stride` new frames of an output, those that one of the first taps of some output reads."""
    return minimum(taps, window.stride // gcd(window.dilation, window.stride))  # then they come round again


def operations_of(work: Work) -> Size:
    """Operations, two for each multiply-accumulate: what a roofline counts."""
    return sum(_operations(kind) * amount for kind, amount in work.items())


def _operations(kind: str) -> int:
    return 2 if kind.startswith("mac.") else OPERATIONS.get(kind, 1)
