"""Parts of edges as layers of their own, where a layer reads one: cuts, pads, shifts, shuffles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import fx

from costmodel.importers.builder import Builder
from costmodel.importers.dimensions import MAP, dealt, in_words
from costmodel.importers.layout import CHANNELS, HEIGHT, TIME, WIDTH, dim_of
from costmodel.importers.refusal import Refusal
from costmodel.importers.value import Span, Value, full_box
from costmodel.ops import AvgPool, ClipCrop, Last, Op, PadChannels, Shift, Shuffle, Split


def channels_at(builder: Builder, call: fx.Node, value: Value, index: int) -> Value:
    """The value with all its channels, in their own order, in one dimension.

    Raises:
        Refusal: that dimension holds something else.
    """
    dim = value.dims[index]
    if dim == dim_of(CHANNELS, value.size(CHANNELS)):
        return value
    groups = dealt(dim, value.size(CHANNELS))
    if groups is None:
        raise Refusal(
            f"takes dimension {index} for channels, and it holds {in_words(dim, value)}",
            "permute so that all channels, and nothing else, are there",
        )
    value = settled(builder, call, value, but=(TIME, *MAP))
    shuffled = _renewed(builder, call, Shuffle(groups), value, [CHANNELS])
    dims = list(value.dims)
    dims[index] = dim_of(CHANNELS, value.size(CHANNELS))
    return replace(shuffled, dims=tuple(dims))


def settled(builder: Builder, call: fx.Node, value: Value, but: Sequence[str] = ()) -> Value:
    """The value as an edge of its own, no part of another's but on the axes `but`.

    Raises:
        Refusal: no layer of ours cuts or pads so.
    """
    if not value.is_full(CHANNELS) and CHANNELS not in but:
        value = _with_channels(builder, call, value)
    if not value.is_full(TIME) and TIME not in but and not value.is_each:
        value = _with_frames(builder, call, value)
    beyond = [axis for axis in MAP if not value.is_full(axis) and axis not in but]
    if not beyond:
        return value
    value = _cropped(builder, call, value, beyond)
    if all(value.is_full(axis) for axis in beyond):
        return value
    pads = {axis: value.pads(axis) for axis in beyond}
    padding = (0, pads.get(HEIGHT, 0), pads.get(WIDTH, 0))
    return _renewed(builder, call, AvgPool(kernel=(1, 1, 1), padding=padding), value, beyond)


def _with_channels(builder: Builder, call: fx.Node, value: Value) -> Value:
    before, behind = value.pads(CHANNELS)
    if before > 0:
        raise Refusal("puts channels of zeros ahead of others", "put them behind: pad_channels")
    if before < 0 or behind < 0:
        first, count, all_of_them = -before, value.size(CHANNELS), value.whole(CHANNELS)
        count = min(count, all_of_them - first)
        sizes = (first, count) if first else (count,)
        split = Split(part=len(sizes), sizes=sizes)
        if all_of_them % count == 0 and first % count == 0:
            split = Split(part=first // count + 1, parts=all_of_them // count)
        inner = replace(value, box={**value.box, CHANNELS: Span(first, count)})
        wanted = value.size(CHANNELS)
        value = replace(_renewed(builder, call, split, inner, [CHANNELS]), dims=value.dims)
        value = value if count == wanted else value.cut(CHANNELS, Span(0, wanted))
    if not value.is_full(CHANNELS):
        value = _renewed(builder, call, PadChannels(value.size(CHANNELS)), value, [CHANNELS])
    return value


def _with_frames(builder: Builder, call: fx.Node, value: Value) -> Value:
    before, behind = value.pads(TIME)
    if before == -behind and value.size(TIME) == value.whole(TIME):
        return _renewed(builder, call, Shift(frames=before), value, [TIME])
    if value.size(TIME) == 1 and behind == 0:
        return _renewed(builder, call, Last(), value, [TIME])
    value = _cropped(builder, call, value, [TIME])
    if value.is_full(TIME):
        return value
    pool = AvgPool(kernel=(1, 1, 1), padding=(value.pads(TIME), 0, 0))
    return _renewed(builder, call, pool, value, [TIME])


def _cropped(builder: Builder, call: fx.Node, value: Value, axes: Sequence[str]) -> Value:
    """The value without what its box leaves out on these axes; zeros beyond the ends are still to come."""
    pads = {axis: value.pads(axis) if axis in axes else (0, 0) for axis in (TIME, *MAP)}
    before, after = ([max(0, -pad[end]) for pad in pads.values()] for end in (0, 1))
    if not any((*before, *after)):
        return value
    (time, height, width), (late, low, right) = before, after
    crop = ClipCrop(before=(time, height, width), after=(late, low, right))
    inner = dict(value.box)
    for axis, first, last in zip(pads, before, after, strict=True):
        inner[axis] = Span(first, value.whole(axis) - first - last) if axis in axes else inner[axis]
    made = _renewed(builder, call, crop, replace(value, box=inner), axes)
    rest = {axis: Span(-max(0, pads[axis][0]), value.size(axis)) for axis in axes}
    return replace(made, box={**made.box, **rest})


def _renewed(builder: Builder, call: fx.Node, op: Op, value: Value, axes: Sequence[str]) -> Value:
    # The same part of an edge, taken twice, is one layer.
    edge = builder.add(call, op, (value.edge,), {}, again=True)
    kind = builder.types[edge]
    fresh = full_box(kind)
    box = {axis: fresh[axis] if axis in axes else span for axis, span in value.box.items()}
    return replace(value, edge=edge, kind=kind, box=box)
