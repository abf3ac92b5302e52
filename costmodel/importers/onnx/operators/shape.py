"""What arranges values anew, takes parts of them, or puts them together."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from costmodel.importers.onnx.given import Given
from costmodel.importers.onnx.operators.base import operator
from costmodel.importers.refusal import Refusal


@operator("Reshape")
def reshape(given: Given) -> Tensor:
    """The same values in another shape."""
    value, sizes = given.tensor(), [int(each) for each in given.known(1, "shape")]
    if not given.whole("allowzero", 0):
        sizes = [value.shape[place] if size == 0 else size for place, size in enumerate(sizes)]
    return value.reshape(sizes)


@operator("Flatten")
def flatten(given: Given) -> Tensor:
    """Dimensions ahead of one, and from it on, joined."""
    value, axis = given.tensor(), given.whole("axis", 1)
    axis = axis % value.dim() if axis < 0 else axis
    return value.reshape(prod(value.shape[:axis]), -1)


@operator("Transpose")
def transpose(given: Given) -> Tensor:
    """The dimensions in another order."""
    value = given.tensor()
    return value.permute(given.wholes("perm", list(reversed(range(value.dim())))))


@operator("Squeeze")
def squeeze(given: Given) -> Tensor:
    """Dimensions of size 1 left out."""
    value, axes = given.tensor(), given.listed(1, "axes")
    return value.squeeze() if axes is None else value.squeeze(tuple(axes))


@operator("Unsqueeze")
def unsqueeze(given: Given) -> Tensor:
    """Dimensions of size 1 put in."""
    value, axes = given.tensor(), given.listed(1, "axes", ())
    rank = value.dim() + len(axes or ())
    for axis in sorted(each % rank for each in axes or ()):
        value = value.unsqueeze(axis)
    return value


@operator("Expand")
def expand(given: Given) -> Tensor:
    """Dimensions of size 1 repeated."""
    value = given.tensor()
    shape = tuple(int(each) for each in given.known(1, "shape"))
    # Either side may be the one that is spread.
    return value.expand(np.broadcast_shapes(tuple(value.shape), shape))


@operator("Tile")
def tile(given: Given) -> Tensor:
    """The same values several times."""
    return given.tensor().repeat([int(each) for each in given.known(1, "repeats")])


@operator("Identity", "Dropout")
def same(given: Given) -> Tensor:
    """The same values."""
    given.changes_nothing("ratio", "seed", "is_test")  # of training
    if given.has(2) and bool(given.known(2, "training_mode")):
        raise Refusal("drops values at random", "export it for inference")
    return given.tensor()


@operator("Concat")
def concat(given: Given) -> Tensor:
    """Tensors one after the other."""
    return torch.cat([given.tensor(index) for index in range(len(given.inputs))], given.whole("axis", 0))


@operator("Split")
def split(given: Given) -> tuple[Tensor, ...]:
    """A dimension in parts."""
    value, axis = given.tensor(), given.whole("axis", 0)
    given.changes_nothing("num_outputs")
    sizes = given.listed(1, "split")
    if sizes is None:
        count = len(given.node.outputs)
        return torch.split(value, -(-value.shape[axis] // count), axis)
    return torch.split(value, sizes, axis)


@operator("Slice")
def sliced(given: Given) -> Tensor:
    """Positions from one to another, or every n-th."""
    value = given.tensor()
    starts, ends = given.listed(1, "starts"), given.listed(2, "ends")
    assert starts is not None
    assert ends is not None
    axes = given.listed(3, "axes", range(len(starts))) or []
    steps = given.listed(4, "steps", [1] * len(starts)) or []
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step < 1:
            raise Refusal("takes positions backwards", "leave them in their order")
        value = torch.ops.aten.slice.Tensor(value, axis, start, min(end, 2**31), step)
    return value


@operator("Gather")
def gather(given: Given) -> Tensor:
    """One position, or several that follow each other."""
    value, axis = given.tensor(), given.whole("axis", 0)
    places = given.known(1, "indices")
    size = value.shape[axis]
    places = np.where(places < 0, places + size, places)
    if places.ndim == 0:
        return value.select(axis, int(places))
    if places.ndim == 1 and (np.diff(places) == 1).all():
        return value.narrow(axis, int(places[0]), len(places))
    return value.index_select(axis, torch.from_numpy(places.reshape(-1)))


@operator("Pad")
def pad(given: Given) -> Tensor:
    """Values around a tensor."""
    value, mode = given.tensor(), given.text("mode", "constant")
    pads = given.listed(1, "pads")
    assert pads is not None
    axes = (
        [int(each) % value.dim() for each in given.known(3, "axes")] if given.has(3) else range(value.dim())
    )
    filled = float(given.known(2, "value")) if given.has(2) else given.number("value", 0.0)
    count = len(pads) // 2
    sides = dict(zip(axes, zip(pads[:count], pads[count:], strict=True), strict=True))
    listed = [each for axis in reversed(range(value.dim())) for each in sides.get(axis, (0, 0))]
    while len(listed) > 2 and listed[-2:] == [0, 0]:
        listed = listed[:-2]
    if mode != "constant":
        return F.pad(value, listed, mode={"edge": "replicate"}.get(mode, mode))
    return F.pad(value, listed, value=filled)


@operator("ReduceMean", "ReduceMax", "ReduceSum")
def reduced(given: Given) -> Tensor:
    """A mean, a maximum or a sum over dimensions."""
    value = given.tensor()
    axes = given.listed(1, "axes", ()) or []
    if not axes and given.whole("noop_with_empty_axes", 0):
        return value
    given.changes_nothing("noop_with_empty_axes")
    over = axes or list(range(value.dim()))
    keeps = bool(given.whole("keepdims", 1))
    functions: dict[str, Callable[..., Tensor]] = {
        "ReduceMean": torch.mean,
        "ReduceMax": torch.amax,
        "ReduceSum": torch.sum,
    }
    return functions[given.node.op_type](value, over, keepdim=keeps)


@operator("ScatterND")
def scattered(given: Given) -> Tensor:
    """A box of a tensor written over, as an assigned slice is exported."""
    given.must_be("reduction", "none")
    value, updates = given.tensor(), given.tensor(2)
    places = given.known(1, "indices")
    depth = places.shape[-1]
    flat = places.reshape(-1, depth)
    starts = [int(each) for each in flat.min(0)]
    sizes = [int(each) - start + 1 for each, start in zip(flat.max(0), starts, strict=True)]
    box = np.stack(np.meshgrid(*map(np.arange, sizes), indexing="ij"), -1).reshape(-1, depth) + starts
    if len(box) != len(flat) or (box != flat).any():
        raise Refusal("writes into scattered positions", "write whole slices")
    whole = (*sizes, *value.shape[depth:])
    # A view would paint what was written so far.
    updates = updates if tuple(updates.shape) == whole else updates.reshape(whole)
    return _written(value, updates, starts, sizes, 0)


def _written(value: Tensor, updates: Tensor, starts: list[int], sizes: list[int], axis: int) -> Tensor:
    """A tensor with a box of it written over, dimension by dimension."""
    if axis == len(starts):
        return updates
    start, size = starts[axis], sizes[axis]
    if size == value.shape[axis]:
        return _written(value, updates, starts, sizes, axis + 1)
    part = _written(value.narrow(axis, start, size), updates, starts, sizes, axis + 1)
    return torch.slice_scatter(value, part, axis, start, start + size)
