"""Pools over windows, and over whole axes."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.importers.call import Call
from costmodel.importers.dimensions import axes_at, must_be_whole
from costmodel.importers.layout import TIME
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.rules.sliding import ORDER, Sliding, answer, as_written, slid
from costmodel.importers.value import Padded, Value
from costmodel.ops import AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, GlobalPool, MaxPool, Op


@rule("max_pool1d.default", "max_pool2d.default", "max_pool3d.default")
def max_pool(call: Call) -> Value:
    """A maximum over windows."""
    return _pool(call, MaxPool)


@rule("avg_pool1d.default", "avg_pool2d.default", "avg_pool3d.default")
def avg_pool(call: Call) -> Value:
    """An average over windows."""
    if "divisor_override" in call.given:
        call.must_be("divisor_override", None)
    return _pool(call, AvgPool)


def _pool(call: Call, kind: type[AvgPool | MaxPool]) -> Value:
    count = int(str(call.node.target).rpartition("pool")[2][0])
    value, around = _with_pads(call, count) if kind is MaxPool else (call.value(), ((0, 0),) * count)
    kernel = call.numbers("kernel_size", count)
    stride = call.numbers("stride", count) if call.given["stride"] else kernel
    own = zip(call.numbers("padding", count), around, strict=True)
    padding = tuple((each + ahead, each + behind) for each, (ahead, behind) in own)
    dilation = call.numbers("dilation", count) if "dilation" in call.given else (1,) * count
    counts = bool(call.given.get("count_include_pad", True))
    # Zeros put around the clip count: they are no padding of a maximum, nor of a mean that leaves it out.
    takes_zeros = kind is AvgPool and counts
    sliding = Sliding(kernel, stride, padding, dilation)
    value, axes, fields = slid(call, value, sliding, takes_zeros=takes_zeros)
    fields["ceil_mode"] = bool(call.given["ceil_mode"])
    if not counts:
        fields["count_include_pad"] = False
    fields |= _whole_axes(value, fields)
    op: Op = kind(**as_written(fields))
    return answer(value, call, call.add(_as_global(op), value), axes)


def _with_pads(call: Call, count: int) -> tuple[Value, tuple[tuple[int, int], ...]]:
    """What a maximum is taken of, and what stands around it that is no part of any maximum."""
    found = call.found("self")
    if not isinstance(found, Padded):
        return call.as_value(found), ((0, 0),) * count
    if any(pad != (0, 0) for pad in found.pads[:-count]) or call.given["ceil_mode"]:
        raise Refusal("pads with -inf beyond its window, or rounds its size up", "let the pool pad")
    return found.value, found.pads[-count:]


def _whole_axes(
    value: Value, fields: dict[str, tuple[object, ...]], *, is_window: bool = True
) -> dict[str, object]:
    """Kernels that cover a whole axis, written as `all`: a head that pools the clip says so."""
    covered = [
        value.size(axis) > 1
        and not value.is_each
        and fields["kernel"][place] == value.size(axis)
        and fields["padding"][place] == 0
        for place, axis in enumerate(ORDER)
    ]
    # One that halves two frames as it halves the map is no head: a longer clip has more for those behind.
    is_left = all(one or value.size(axis) == 1 for one, axis in zip(covered, ORDER, strict=True))
    covered[0] &= is_left or fields["stride"][0] == 1 or not is_window
    if not any(covered):
        return {}
    put = {"kernel": None, "stride": 1, "dilation": 1}
    return {
        name: tuple(
            one if is_covered else each for is_covered, each in zip(covered, fields[name], strict=True)
        )
        for name, one in put.items()
    }


def _as_global(op: Op) -> Op:
    """A pool over all of the clip, by its own name."""
    if isinstance(op, AvgPool) and op.kernel == (None, None, None):
        return GlobalPool()
    return op


@rule(
    "adaptive_avg_pool1d.default",
    "adaptive_avg_pool2d.default",
    "adaptive_avg_pool3d.default",
    "adaptive_max_pool1d.default",
    "adaptive_max_pool2d.default",
    "adaptive_max_pool3d.default",
)
def adaptive_pool(call: Call) -> Value | tuple[Value, ...]:
    """A pool to a given size: over whole axes, or over windows that divide them."""
    sizes = tuple(call.given["output_size"])
    value = call.value()
    rank, count = len(value.dims), len(sizes)
    axes = axes_at(value, range(rank - count, rank))
    kind: type[AvgPool | MaxPool] = MaxPool if "max" in str(call.node.target) else AvgPool
    if all(value.size(axis) == size for axis, size in zip(axes, sizes, strict=True)):
        return (value,) if kind is MaxPool else value  # a second pool, behind one that left one position
    if any(value.size(axis) % size for axis, size in zip(axes, sizes, strict=True)):
        found = _to_size(call, value, axes, sizes, is_max=kind is MaxPool)
        return (found,) if kind is MaxPool else found
    kernel = tuple(value.size(axis) // size for axis, size in zip(axes, sizes, strict=True))
    sliding = Sliding(kernel, kernel, ((0, 0),) * count, (1,) * count)
    value, axes, fields = slid(call, value, sliding, takes_zeros=False)
    fields |= _whole_axes(value, fields, is_window=False)
    op = _as_global(_with_head_name(kind(**as_written(fields)), value))
    found = answer(value, call, call.add(op, value), axes)
    return (found,) if kind is MaxPool else found


def _to_size(call: Call, value: Value, axes: Sequence[str], sizes: Sequence[int], *, is_max: bool) -> Value:
    """A pool whose windows differ in length, as its size does not divide the map."""
    must_be_whole(value, range(len(value.dims) - len(sizes) - 1))
    if value.is_each and TIME in axes:
        raise Refusal("pools one frame that a loop took out of the clip", "pool the whole clip")
    value = call.settled(value)
    given = dict(zip(axes, sizes, strict=True))
    time, height, width = (given.get(axis) for axis in ORDER)
    kind = AdaptiveMaxPool if is_max else AdaptiveAvgPool
    return answer(value, call, call.add(kind(size=(time, height, width)), value), axes)


def _with_head_name(op: Op, value: Value) -> Op:
    """Axes of size 1 are pooled as well where all others are: the pool is global."""
    assert isinstance(op, AvgPool | MaxPool)
    sizes = [value.size(axis) for axis in ORDER]
    is_whole = (
        all(kernel is None or size == 1 for kernel, size in zip(op.kernel, sizes, strict=True))
        and not value.is_each
    )
    if is_whole and isinstance(op, AvgPool):
        return GlobalPool()
    return op


@rule("mean.dim", "mean.default", "amax.default", "sum.dim_IntList", "max.dim")
def reduce(call: Call) -> Value | tuple[Value, ...]:
    """A mean, a maximum or a sum over whole axes."""
    value = call.value()
    name = str(call.node.target).split(".")[-2]
    given = call.given.get("dim")
    if "dtype" in call.given:
        call.must_be("dtype", None)
    rank = len(value.dims)
    listed = [given] if isinstance(given, int) else given
    indices = sorted(each % rank for each in listed) if listed else list(range(rank))
    keeps = bool(call.given.get("keepdim", False))
    found = reduced(call, value, indices, keeps, is_max=name in ("amax", "max"))
    if name == "sum":
        from costmodel.importers.rules.elementwise import times

        count = 1
        for index in indices:
            for atom in value.dims[index]:
                count *= atom.size
        found = times(call, found, count)
    return (found,) if name == "max" else found


def reduced(call: Call, value: Value, indices: Sequence[int], keeps: bool, *, is_max: bool) -> Value:
    """A pool over the whole of the axes that some dimensions hold.

    Raises:
        Refusal: they hold channels, clips, or parts of axes.
    """
    must_be_whole(value, indices, joins_channels=True)
    axes = {atom.axis for index in indices for atom in value.dims[index]}
    beyond = axes - set(ORDER)
    if beyond:
        raise Refusal(
            f"pools over {' and '.join(sorted(beyond))}",
            "pool over time, height and width; a linear layer or a 1 x 1 convolution joins channels",
        )
    value = call.settled(value)
    kept = tuple(
        () if index in indices else dim
        for index, dim in enumerate(value.dims)
        if keeps or index not in indices
    )
    if not axes:
        return value.viewed(kept)
    time, height, width = (None if axis in axes else 1 for axis in ORDER)
    kernel = (time, height, width)
    op: Op = MaxPool(kernel=kernel) if is_max else _with_head_name(AvgPool(kernel=kernel), value)
    edge = call.add(op, value)
    made = call.builder.value(edge, kept)
    box = {axis: made.box[axis] if axis in axes else value.box[axis] for axis in value.box}
    return Value(edge, kept, box, made.kind, value.batch, value.is_each)
