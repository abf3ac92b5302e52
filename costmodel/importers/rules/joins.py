"""Tensors put together: along channels, frame by frame, with zeros around."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypeAlias

from costmodel.importers.call import Call, replaced
from costmodel.importers.dimensions import axes_at, whole_axis
from costmodel.importers.layout import BATCH, CHANNELS, TIME, dim_of
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.value import Canvas, Constant, Found, Number, Padded, Span, Value
from costmodel.importers.writes import joined, written

Side: TypeAlias = "Found | Number | None"


@rule("cat.default", "concat.default", "concatenate.default")
def concatenated(call: Call) -> Value:
    """Tensors one after the other in a dimension."""
    given = call.many("tensors")
    values = [each for each in given if isinstance(each, Value | Canvas) and not _is_zeros(each)]
    if not values:
        raise Refusal("joins constants alone")
    if any(isinstance(each, Constant) and not is_zeros(each) for each in given):
        raise Refusal(
            "joins tensors of the clip with a learned one, such as a class token, which is no position of it",
            "answer from the mean of all positions",
        )
    model = call.as_value(values[0])
    index = call.dimension("dim", len(model.dims))
    parts = [call.in_order(call.as_value(each), index) for each in values]
    axis = _axis_of(parts, index)
    if len(values) < len(given):
        return _with_zeros(call, given, index, axis)
    if axis == TIME:
        return _in_time(parts, index)
    if axis != CHANNELS:
        raise Refusal(f"joins tensors in {axis or 'a new dimension'}", "join them in channels")
    for part in parts:
        if replaced(part.dims, {index: ()}) != replaced(parts[0].dims, {index: ()}):
            raise Refusal("joins tensors whose axes lie in different dimensions", "permute them alike")
    return joined(call.node, call.builder, parts, index)


@rule("stack.default")
def stacked(call: Call) -> Value:
    """Frames put together again, one after the other."""
    parts = [call.as_value(each) for each in call.many("tensors")]
    index = call.dimension("dim", len(parts[0].dims) + 1)
    wider = [each.viewed((*each.dims[:index], (), *each.dims[index:])) for each in parts]
    return _in_time(wider, index)


def _in_time(parts: list[Value], index: int) -> Value:
    """Frames of one clip that follow each other."""
    first = parts[0]
    at = first.box[TIME].start
    for part in parts:
        others = {**part.box, TIME: Span(0, 0)} == {**first.box, TIME: Span(0, 0)}
        same = part.edge == first.edge and others and part.box[TIME].start == at
        if not same or replaced(part.dims, {index: ()}) != replaced(first.dims, {index: ()}):
            raise Refusal(
                "joins frames that are not those of one clip, in their order",
                "treat all frames alike, and stack them in the order in which they were taken",
            )
        at += part.size(TIME)
    span = Span(first.box[TIME].start, at - first.box[TIME].start)
    dims = replaced(first.dims, {index: dim_of(TIME, span.size)})
    return replace(first, box={**first.box, TIME: span}, dims=dims, is_each=False)


def _axis_of(values: list[Value], index: int) -> str:
    """The axis that a dimension holds, of whichever tensor has more than one position there."""
    for each in values:
        found = whole_axis(each, each.dims[index], index)
        if found:
            return found
    first = values[0]
    # All have size 1 there: frames of a loop, or one channel each.
    if all(each.is_each for each in values) and first.size(CHANNELS) > 1:
        return TIME
    return CHANNELS if first.size(CHANNELS) == 1 else ""


def _with_zeros(call: Call, given: list[Side], index: int, axis: str) -> Value:
    """One tensor with zeros ahead of it, behind it, or both."""
    values = [each for each in given if not _is_zeros(each)]
    if len(values) != 1 or axis not in (CHANNELS, TIME, "height", "width"):
        raise Refusal("joins a constant with tensors", "pad one tensor with zeros at a time")
    place = given.index(values[0])
    ahead, behind = (
        sum(each.shape[index] for each in some if isinstance(each, Constant | Canvas))
        for some in (given[:place], given[place + 1 :])
    )
    return padded(call.as_value(values[0]), index, axis, ahead, behind)


def padded(value: Value, index: int, axis: str, ahead: int, behind: int) -> Value:
    """A value with zeros around it on an axis; below zero, positions left out.

    Raises:
        Refusal: zeros would stand where the edge goes on.
    """
    start, size = value.box[axis]
    before, beyond = value.pads(axis)
    if (ahead > 0 and before < 0) or (behind > 0 and beyond < 0):
        # Behind a cut the edge itself would be seen in place of the zeros.
        raise Refusal(
            f"pads {axis} with zeros where it was cut",
            "cut on one side and pad on the other, which is a shift",
        )
    span = Span(start - ahead, size + ahead + behind)
    if span.size < 1:
        raise Refusal("cuts everything off")
    dims = replaced(value.dims, {index: dim_of(axis, span.size)})
    return replace(value, box={**value.box, axis: span}, dims=dims)


def _is_zeros(side: Side) -> bool:
    return (isinstance(side, Constant) and is_zeros(side)) or (isinstance(side, Canvas) and not side.pieces)


def is_zeros(constant: Constant) -> bool:
    """Whether a constant was made as zeros."""
    node = constant.node
    while str(node.target).split(".")[-2:-1] in (
        ["clone"],
        ["expand"],
        ["view"],
        ["slice"],
        ["to"],
        ["_to_copy"],
    ):
        node = node.all_input_nodes[0]
    name = str(node.target).removeprefix("aten.").split(".")[0]
    if name in ("full", "full_like", "new_full"):
        return bool(node.args[-1] == 0)
    return name in ("zeros", "zeros_like", "new_zeros")


@rule("pad.default", "constant_pad_nd.default")
def pad(call: Call) -> Value | Padded:
    """Zeros around a tensor, or positions cut off; or -inf around it, ahead of a maximum."""
    if "mode" in call.given and call.given["mode"] != "constant":
        raise Refusal(f"pads by {call.given['mode']}", "pad with zeros")
    value = call.value()
    pads = [int(each) for each in call.given["pad"]]
    rank = len(value.dims)
    if call.given["value"] == -math.inf and min(pads) >= 0:
        sides = {rank - 1 - place: (pads[2 * place], pads[2 * place + 1]) for place in range(len(pads) // 2)}
        return Padded(value, tuple(sides.get(index, (0, 0)) for index in range(rank)))
    if call.given["value"] not in (None, 0):
        raise Refusal(f"pads with {call.given['value']}", "pad with zeros")
    axes = _axes_padded(call, value, pads)
    for place in range(len(pads) // 2):
        ahead, behind = pads[2 * place : 2 * place + 2]
        if not (ahead or behind):
            continue
        index = rank - 1 - place
        axis = axes[index]
        if axis == BATCH:
            raise Refusal("pads the batch", "pad time, height, width or channels")
        value = padded(value, index, axis, ahead, behind)
    return value


def _axes_padded(call: Call, value: Value, pads: list[int]) -> dict[int, str]:
    rank = len(value.dims)
    given = [rank - 1 - place for place in range(len(pads) // 2) if pads[2 * place] or pads[2 * place + 1]]
    # One of size 1 is told from where the others lie, as a convolution would.
    found = {index: whole_axis(value, value.dims[index], index) for index in given}
    if all(found.values()):
        return found
    last = list(range(max(0, rank - 3), rank)) if rank > 3 else given
    axes = axes_at(value, [each for each in last if each >= 2] or given)
    return dict(zip([each for each in last if each >= 2] or given, axes, strict=True)) | {
        index: axis for index, axis in found.items() if axis
    }


@rule("slice_scatter.default")
def slice_scattered(call: Call) -> Canvas:
    """A slice written into zeros, or into what was written before."""
    below, given = call.found("self"), call.found("src")
    index = call.dimension("dim", len(call.shape))
    call.given.changes_nothing("end")  # told by what is written
    start, step = call.given["start"] or 0, call.given["step"]
    if step != 1:
        raise Refusal(f"writes every {step}-th position", "write whole slices")
    start = max(0, start + call.shape[index]) if start < 0 else start
    return _over(below, given, index, int(start))


@rule("select_scatter.default")
def select_scattered(call: Call) -> Canvas:
    """One position written into zeros, or into what was written before."""
    index = call.dimension("dim", len(call.shape))
    start = int(call.given["index"]) % call.shape[index]
    return _over(call.found("self"), _wider(call.found("src"), index), index, start)


def _wider(given: Side, index: int) -> Side:
    """What is written at one position, with a dimension for that position."""
    if isinstance(given, Value):
        return given.viewed((*given.dims[:index], (), *given.dims[index:]))
    if isinstance(given, Constant):
        return replace(given, shape=(*given.shape[:index], 1, *given.shape[index:]))
    raise Refusal("writes what no layer gives")


def _over(below: Side, given: Side, index: int, start: int) -> Canvas:
    """A tensor with another written over a part of it."""
    if isinstance(below, Constant):
        if not is_zeros(below):
            raise Refusal("writes a slice into a constant that is not zeros", "write into zeros")
        below = Canvas(below.shape)
    if isinstance(below, Value):
        below = Canvas(below.shape, (((0,) * len(below.shape), below),))
    if not isinstance(below, Canvas) or not isinstance(given, Value | Canvas | Constant):
        raise Refusal("writes what no layer gives")
    if not isinstance(given, Constant) and not _is_zeros(given):
        return written(below, given, index, start)
    if not _is_zeros(given):
        raise Refusal("writes a constant that is not zeros", "write what a layer gives")
    end = start + given.shape[index]
    for place, piece in below.pieces:
        if place[index] < end and start < place[index] + piece.shape[index]:
            raise Refusal("writes zeros over what was written before", "multiply by a mask, or leave it out")
    return below


@rule("copy.default", "copy_.default")
def copied(call: Call) -> Found:
    """What is written over a slice."""
    call.given.changes_nothing("self", "non_blocking")
    found = call.found("src")
    is_written = isinstance(found, Value | Canvas) or (isinstance(found, Constant) and is_zeros(found))
    if isinstance(found, Value | Canvas | Constant) and is_written and found.shape == call.shape:
        return found
    raise Refusal("writes a constant or a number into a slice", "write into zeros what a layer gives")
