"""Parts of tensors: single positions, slices, chunks."""

from __future__ import annotations

import math
from dataclasses import replace

from torch import fx

from costmodel.importers.arguments import Arguments
from costmodel.importers.call import Call, replaced
from costmodel.importers.dimensions import whole_axis
from costmodel.importers.layout import BATCH, CHANNELS, TIME, dim_of
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.value import Canvas, Found, Span, Value
from costmodel.importers.writes import part_of
from costmodel.ops import Subsample

ORDER = ("time", "height", "width")


@rule("slice.Tensor", "narrow.default")
def sliced(call: Call) -> Found:
    """Positions from one to another, or every n-th of them."""
    found = call.found("self" if "self" in call.given else "input")
    rank = len(found.shape) if isinstance(found, Value | Canvas) else 1
    index = call.dimension("dim", rank)
    start, step = _start(call, found), int(call.given.get("step", 1))
    call.given.changes_nothing("end", "length")  # told by the shape
    if isinstance(found, Canvas):
        if step != 1:
            raise Refusal("takes every n-th of what slices were written into", "write whole frames")
        return part_of(call, found, index, Span(start, call.shape[index]))
    value = call.as_value(found)
    if step == 1:
        part = narrowed(call, value, index, Span(start, call.shape[index]))
        is_each = call.shape[index] == 1 and _takes_all(call.node, value, index)
        return replace(part, is_each=True) if is_each else part
    # To the end, where no more positions are met on the way: nothing is cut off there then.
    rest = value.shape[index] - start
    size = rest if -(-rest // step) == call.shape[index] else (call.shape[index] - 1) * step + 1
    return _strided(call, narrowed(call, value, index, Span(start, size)), index, step)


def _start(call: Call, found: object) -> int:
    given = call.given["start"] or 0
    index = int(call.given["dim"])
    size = found.shape[index] if isinstance(found, Value | Canvas) else 0
    return max(0, given + size) if given < 0 else min(int(given), size)


def narrowed(call: Call, value: Value, index: int, span: Span) -> Value:
    """Some positions of a dimension.

    Raises:
        Refusal: it holds clips, or no whole axis.
    """
    if span == (0, value.shape[index]):
        return value
    value = call.in_order(value, index)
    axis = whole_axis(value, value.dims[index], index)
    if axis == BATCH:
        raise Refusal("takes some clips of the batch", "treat all clips alike")
    dims = replaced(value.dims, {index: dim_of(axis, span.size)})
    return value.cut(axis, span).viewed(dims)


def _strided(call: Call, value: Value, index: int, step: int) -> Value:
    axis = whole_axis(value, value.dims[index], index)
    if axis not in ORDER:
        raise Refusal(
            f"takes every {step}-th of the {axis or 'dimension'}", "a shuffle or a split takes channels"
        )
    value = call.settled(value)
    time, height, width = (step if each == axis else 1 for each in ORDER)
    edge = call.add(Subsample(stride=(time, height, width)), value)
    made = call.builder.value(edge, ())
    dims = replaced(value.dims, {index: dim_of(axis, made.size(axis))})
    return replace(value, edge=edge, kind=made.kind, dims=dims, box={**value.box, axis: made.box[axis]})


@rule("select.int")
def selected(call: Call) -> Found:
    """One position of a dimension."""
    found = call.found("self")
    if isinstance(found, tuple):  # the states of a recurrent layer, by layer
        call.given.changes_nothing("dim")
        return found[int(call.given["index"])]
    if isinstance(found, Canvas):
        raise Refusal("takes one position of what slices were written into", "take a slice")
    value = call.as_value(found)
    index = call.dimension("dim", len(value.dims))
    place = int(call.given["index"]) % value.shape[index]
    taken = taken_out(call, value, index, place)
    return replace(taken, is_each=True) if _takes_all(call.node, value, index) else taken


def taken_out(call: Call, value: Value, index: int, place: int) -> Value:
    """One position of a dimension, which is gone then."""
    part = _part_of_channels(value, index, place)
    if part is not None:
        return part
    cut = narrowed(call, value, index, Span(place, 1))
    return cut.viewed((*cut.dims[:index], *cut.dims[index + 1 :]))


def _part_of_channels(value: Value, index: int, place: int) -> Value | None:
    """One of the parts that channels were cut into, such as queries, keys, values; None of others."""
    dim = value.dims[index]
    if len(dim) != 1 or dim[0].axis != CHANNELS or dim[0].stride * dim[0].size != value.size(CHANNELS):
        return None
    width = dim[0].stride
    rest = [atom for other, each in enumerate(value.dims) if other != index for atom in each]
    inside = [atom for atom in rest if atom.axis == CHANNELS]
    if width == 1 or math.prod(atom.size for atom in inside) != width:
        return None
    dims = (*value.dims[:index], *value.dims[index + 1 :])
    return value.cut(CHANNELS, Span(place * width, width)).viewed(dims)


def _takes_all(node: fx.Node, value: Value, index: int) -> bool:
    """Whether each frame of a clip is taken out by a call of its own, as in a loop over frames."""
    if not value.dims[index] or value.dims[index][0].axis != TIME:
        return False
    source = node.args[0]
    assert isinstance(source, fx.Node)
    places = {_place(each, value, index) for each in source.users}
    return places >= set(range(value.shape[index]))


def _place(node: fx.Node, value: Value, index: int) -> int:
    """The position that a call takes out of a dimension; -1 where it does something else."""
    name, size = str(node.target), value.shape[index]
    if not name.endswith(("select.int", "slice.Tensor")):
        return -1
    given = Arguments(node)
    if int(given["dim"]) % len(value.dims) != index:
        return -1
    if name.endswith("select.int"):
        return int(given["index"]) % size
    start, end = given["start"] or 0, size if given["end"] is None else min(given["end"], size)
    return int(start) if start >= 0 and end - start == 1 else -1


@rule("unbind.int")
def unbound(call: Call) -> tuple[Value, ...]:
    """Every position of a dimension."""
    value = call.value()
    index = call.dimension("dim", len(value.dims))
    is_time = bool(value.dims[index]) and value.dims[index][0].axis == TIME and _reads_all(call)
    parts = (taken_out(call, value, index, place) for place in range(value.shape[index]))
    return tuple(replace(each, is_each=True) if is_time else each for each in parts)


@rule("chunk.default", "split.Tensor", "split_with_sizes.default", "split.sizes", "tensor_split.sections")
def chunks(call: Call) -> tuple[Value, ...]:
    """A dimension in parts, one after the other."""
    call.given.changes_nothing("chunks", "split_size", "split_sizes", "sections")  # told by the shapes
    value = call.value()
    index = call.dimension("dim", len(value.dims))
    found, start, reads_all = [], 0, _reads_all(call)
    for each in call.node.meta["val"]:
        size = int(each.shape[index])
        part = narrowed(call, value, index, Span(start, size))
        is_frame = size == 1 < value.shape[index] and value.dims[index][0].axis == TIME
        found.append(replace(part, is_each=True) if is_frame and reads_all else part)
        start += size
    return tuple(found)


def _reads_all(call: Call) -> bool:
    """Whether every part is read: of a loop that leaves some out the layers would run on too many frames."""
    return len({each.args[1] for each in call.node.users}) == len(call.node.meta["val"])
