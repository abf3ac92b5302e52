"""Attention within windows of the clip: which those are, its bias by distance, its mask behind a roll."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import torch
from torch import Tensor

from costmodel.emit.modules.texts.window_attention import distances, strangers
from costmodel.importers.call import Call
from costmodel.importers.dimensions import in_words, whole_axis
from costmodel.importers.layout import CHANNELS, HEIGHT, TIME, WIDTH, Atom, Dim, Dims
from costmodel.importers.learned import Learned, Weights
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.value import Constant, Value
from costmodel.ops import Roll, WindowAttention

Triple = tuple[int, int, int]
Added = Sequence[tuple[Constant, Dims]]
ORDER = (TIME, HEIGHT, WIDTH)
MASKED = -100  # what published code adds to the scores of positions that are no neighbours
NEAREST = "add a bias by distance within windows, the mask of a roll, or nothing"


@rule("roll.default")
def roll(call: Call) -> Value:
    """Positions of an axis moved on, those beyond its end to its front."""
    value = call.settled(call.value())
    if value.is_each:
        raise Refusal("rolls one frame that a loop took out of the clip", "roll the whole clip")
    shifts = [int(each) for each in call.given["shifts"]]
    ends = dict.fromkeys(ORDER, 0), dict.fromkeys(ORDER, 0)
    for index, shift in zip(call.given["dims"], shifts, strict=False):
        axis = whole_axis(value, value.dims[index], index)
        if axis and axis not in ORDER:
            raise Refusal(f"rolls {axis}", "roll time, height or width")
        if axis:
            ends[shift > 0][axis] += abs(shift) % value.size(axis)
    if len(call.given["dims"]) != len(shifts):
        raise Refusal("rolls all values in a row", "name the dimensions to roll")
    to_end, to_front = (_triple(each) for each in ends)
    if not any((*to_end, *to_front)):
        return value
    return call.each_value(Roll(to_end=to_end, to_front=to_front), value)


def windows_of(query: Value, key: Value, value: Value) -> Triple | None:
    """The windows of time, height and width that attend within themselves; None where there are no such.

    Raises:
        Refusal: positions are cut into parts that are no windows.
    """
    inside, outside = query.dims[-2], [atom for dim in query.dims[:-2] for atom in dim]
    sizes = {axis: prod(atom.size for atom in inside if atom.axis == axis) for axis in ORDER}
    wanted: Dim = tuple(Atom(axis, sizes[axis]) for axis in ORDER if sizes[axis] > 1)
    if not all(each.dims[-2] == inside == wanted for each in (query, key, value)):
        return None
    for axis in ORDER:
        whole, size = query.size(axis), sizes[axis]
        rest = [Atom(axis, whole // size, size)] if whole > size else []
        if whole % size or [atom for atom in outside if atom.axis == axis] != rest:
            return None
    return _triple(sizes)


def windowed(call: Call, query: Value, key: Value, value: Value, heads: int, added: Added) -> str:
    """A layer of attention within windows; its name.

    Raises:
        Refusal: it attends otherwise, or adds something else to the scores.
    """
    windows = windows_of(query, key, value)
    if windows is None:
        raise Refusal(
            f"attends to {in_words(key.dims[-2], key)} from {in_words(query.dims[-2], query)}",
            "attend within windows that lie next to each other, or over whole axes",
        )
    sizes = _triple({axis: query.size(axis) for axis in ORDER})
    shift: Triple = (0, 0, 0)
    weights: Weights = {}
    for constant, dims in added:
        axes = _axes_of(constant, dims, query)
        if not axes - {CHANNELS} and not weights:
            weights = {"bias": _by_distance(call, constant, windows, heads)}
        elif axes <= set(ORDER) and not any(shift):
            shift = _shift_of(call, constant, dims, sizes, windows)
        else:
            raise Refusal(f"adds what differs by {' and '.join(sorted(axes)) or 'pair'} to scores", NEAREST)
    op = WindowAttention(windows=windows, shift=shift, heads=heads, bias=bool(weights))
    return call.add(op, query, key, value, weights=weights)


def _axes_of(constant: Constant, dims: Dims, query: Value) -> set[str]:
    """The axes by whose positions ahead of the pairs a constant differs."""
    pairs = query.shape[-2]
    if constant.shape[-2:] != (pairs, pairs):
        raise Refusal("adds to scores what is not said for each pair of positions", NEAREST)
    ahead = _ahead(constant, dims)
    return {atom.axis for size, dim in zip(ahead, dims, strict=True) if size > 1 for atom in dim}


def _ahead(constant: Constant, dims: Dims) -> tuple[int, ...]:
    ahead = constant.shape[:-2]
    return (1,) * (len(dims) - len(ahead)) + ahead


def _by_distance(call: Call, constant: Constant, windows: Triple, heads: int) -> Learned:
    """The table that a bias by distance is read from.

    Raises:
        Refusal: it is something else.
    """
    told = Refusal(
        "adds a bias to scores that is no parameter by distance within windows of "
        f"{'x'.join(map(str, windows))}",
        "learn (2 * window - 1) values an axis, on clips that are no smaller than a window",
    )
    known = call.builder.constants.learned(constant.node)
    if len(known) != 1:
        raise told
    count = prod(2 * size - 1 for size in windows)
    shape = tuple(known[0].meta["val"].shape)
    if prod(shape) != count * heads:
        raise told
    # Other numbers in its place are found where a table by distance would have them, or it is none.
    probe = torch.rand(count, heads, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = probe[distances(windows)].movedim(-1, 0)
    for order in ((0, 1), (1, 0)):
        given = probe.permute(order).reshape(shape)
        found = call.worked_out(constant, {known[0]: given})
        if torch.equal(found.expand(*found.shape[:-3], *expected.shape).reshape(expected.shape), expected):
            return Learned(Constant(known[0], shape, True), None if order == (0, 1) else order)
    raise told


def _shift_of(call: Call, constant: Constant, dims: Dims, sizes: Triple, windows: Triple) -> Triple:
    """How far the clip was rolled ahead of windows, from the mask of what is no neighbour then.

    Raises:
        Refusal: it is another mask.
    """
    told = Refusal("adds a mask to scores that is not that of a roll", NEAREST)
    if call.builder.constants.learned(constant.node):
        raise told
    mask = _in_order(call.worked_out(constant), constant, dims, sizes, windows)
    last = mask[-1, 0].reshape(windows)  # what the first position of the last window sees
    shift = tuple(int((last.movedim(axis, 0)[:, 0, 0] != 0).sum()) for axis in range(3))
    time, height, width = shift
    if not torch.equal(mask, MASKED * strangers(sizes, windows, (time, height, width)).to(mask)):
        raise told
    return time, height, width


def _in_order(mask: Tensor, constant: Constant, dims: Dims, sizes: Triple, windows: Triple) -> Tensor:
    """A mask as (windows, positions, positions), its windows by time, height and width."""
    counts = [size // window for size, window in zip(sizes, windows, strict=True)]
    given = zip(_ahead(constant, dims), dims, strict=True)
    atoms = [atom for size, dim in given if size > 1 for atom in dim]
    pairs = mask.shape[-2:]
    mask = mask.reshape(*(atom.size for atom in atoms), *pairs)
    axes = [atom.axis for atom in atoms]
    mask = mask.permute(*(axes.index(each) for each in ORDER if each in axes), -2, -1)
    there = [count if axis in axes else 1 for axis, count in zip(ORDER, counts, strict=True)]
    return mask.reshape(*there, *pairs).expand(*counts, *pairs).flatten(0, 2)


def _triple(found: Mapping[str, int]) -> Triple:
    time, height, width = (found[axis] for axis in ORDER)
    return time, height, width
