"""What convolutions and pools share: which axes their window slides over, and its padding there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from costmodel.importers.call import Call, replaced
from costmodel.importers.dimensions import axes_at, must_be_whole
from costmodel.importers.layout import CHANNELS, HEIGHT, TIME, WIDTH, dim_of
from costmodel.importers.refusal import Refusal
from costmodel.importers.value import Value

ORDER = (TIME, HEIGHT, WIDTH)
Pads = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Sliding:
    """A window over the last dimensions of a tensor, in their order."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Pads
    dilation: tuple[int, ...]


def slid(
    call: Call, value: Value, sliding: Sliding, *, takes_zeros: bool = True
) -> tuple[Value, tuple[str, ...], dict[str, Any]]:
    """What a window slides over, the axes in the order of the dimensions, and the fields of our layer.

    Zeros that were put around the clip ahead of it become its padding, where that is zeros too.

    Raises:
        Refusal: its dimensions are no whole axes.
    """
    rank, count = len(value.dims), len(sliding.kernel)
    axes = axes_at(value, range(rank - count, rank))
    must_be_whole(value, range(rank - count - 1))
    if value.is_each and TIME in axes:
        _must_see_one_frame(sliding, axes.index(TIME))
    padded = [axis for axis in axes if min(value.pads(axis)) >= 0]
    value = call.settled(value, but=padded if takes_zeros else ())
    around = {axis: (0, 0) if value.is_each and axis == TIME else value.pads(axis) for axis in axes}
    own = dict(zip(axes, sliding.padding, strict=True))
    pads = {axis: tuple(map(sum, zip(own[axis], around[axis], strict=True))) for axis in axes}
    return value, axes, fields_of(axes, sliding, pads)


def _must_see_one_frame(sliding: Sliding, place: int) -> None:
    found = sliding.kernel[place], sliding.stride[place], sliding.padding[place]
    if found != (1, 1, (0, 0)):
        raise Refusal(
            "looks through time at one frame that a loop took out of the clip",
            "give the whole clip to the layer, or give it a kernel of 1 in time",
        )


def answer(value: Value, call: Call, edge: str, axes: Sequence[str], index: int | None = None) -> Value:
    """A layer's answer in the dimensions of what it read, the sizes of its axes put in anew.

    Those of the channels too, where they stand in a dimension `index`.
    """
    made = call.builder.value(edge, ())
    rank, changes, box = len(value.dims), {}, dict(value.box)
    for place, axis in enumerate(axes):
        if not (value.is_each and axis == TIME):
            changes[rank - len(axes) + place] = dim_of(axis, made.size(axis))
            box[axis] = made.box[axis]
    if index is not None:
        changes[index] = dim_of(CHANNELS, made.size(CHANNELS))
        box[CHANNELS] = made.box[CHANNELS]
    return replace(value, edge=edge, dims=replaced(value.dims, changes), box=box, kind=made.kind)


def fields_of(axes: Sequence[str], sliding: Sliding, pads: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """The fields of our layer, axes that it does not slide over put in."""
    kernel, stride, dilation = (
        dict(zip(axes, each, strict=True)) for each in (sliding.kernel, sliding.stride, sliding.dilation)
    )
    plain = {axis: pad[0] if pad[0] == pad[1] else (pad[0], pad[1]) for axis, pad in pads.items()}
    return {
        "kernel": tuple(kernel.get(axis, 1) for axis in ORDER),
        "stride": tuple(stride.get(axis, 1) for axis in ORDER),
        "padding": tuple(plain.get(axis, 0) for axis in ORDER),
        "dilation": tuple(dilation.get(axis, 1) for axis in ORDER),
    }


def as_written(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields without the padding that a layer has anyway where a spec says nothing."""
    sizes = zip(fields["kernel"], fields["dilation"], strict=True)
    usual = tuple(0 if size is None else size // 2 * gap for size, gap in sizes)
    same = fields["padding"] == usual
    return {name: value for name, value in fields.items() if name != "padding" or not same}
