"""What a layer moves between memory and arithmetic: weights, maps and state, and its operations on them.

The model of a roofline (Williams, Waterman and Patterson 2009): each layer runs by itself and moves each of
its tensors once; nothing stays in a cache from one layer to the next, and no layers are fused. Batch 1.
"""

from __future__ import annotations

from math import gcd
from typing import NamedTuple

from costmodel.analysis.kinds import POOLS
from costmodel.numbers import Size, equal, is_zero, minimum, where
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


def traffic_of(op: Op, inputs: tuple[TensorType, ...]) -> Traffic:
    """The numbers that an op moves for one output, its state's among them."""
    window, is_form, carried = op.window(*inputs), op.unwrapped is not op, op.carry(*inputs)
    # A whole shift of a stream hands on what it reads: frames are counted otherwise, and none is moved.
    is_shift = is_form and carried.combine == "none" and not window.unbounded and is_zero(window.span)
    stays = op.unwrapped.stays(*inputs)
    if stays is True or (is_form and window.looks_back) or is_shift:
        return NONE
    weights, out = params_of(op.weights(*inputs)), op.out(*inputs).values
    if is_form and not window.unbounded and not _OWN & carried.kept.keys():
        taken, read, written = _step(op, inputs[0])
        return Traffic(weights, taken, out, read, written)
    if op.is_wait:  # in a formula a wait may turn out to be none, and then nothing moves
        moved = where(equal(window.wait, 0), 0, out)
        return Traffic(weights, moved, moved, moved, moved)
    # Between the frames of a clip as well something is kept, but nothing stays once the clip is answered.
    kept = carried.kept if is_form else {}
    written = sum(each.with_time(1).values for each in kept.values())
    read = sum((each if name in _READ_WHOLE else each.with_time(1)).values for name, each in kept.items())
    taken = sum(x.values for x in inputs)
    if stays is not False:  # of a symbol or an array it is known later
        taken, out = where(stays, 0, taken), where(stays, 0, out)
    return Traffic(weights, taken, out, read, written)


def _step(op: Op, x: TensorType) -> tuple[Size, Size, Size]:
    """Numbers read from the input, read from state and written to state, for one output.

    An output is the sum of k taps: its open result is written at the first, read and written at each between,
    and read at the last. An input window reads the k - 1 taps before the newest, and keeps each frame that a
    later output reads.
    """
    window = op.window(x)
    taken = _frames_used(window, window.kernel) * x.values
    if "partial" in op.carry(x).kept:
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
