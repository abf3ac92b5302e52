"""Where a tensor of somebody's module has the axes of one of ours, found by the values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from math import prod

from torch import Tensor

from costmodel.validation.check import difference

Order = tuple[int, ...]  # channels, time, height and width of ours, 0 to 3, in the order of the other's axes
TIME = 1
SUM = 1e-6  # how near the sums of equal tensors are, as a share of what they sum


def nearest(ours: Tensor, theirs: Tensor) -> tuple[float, Order]:
    """The least difference of one clip of ours from a tensor of as many numbers, and its order of axes."""
    found = [(difference(laid_out(ours, order, theirs.shape), theirs), order) for order in _orders(ours)]
    return min(found)


def equal_orders(ours: Tensor, theirs: Tensor, most: float) -> tuple[Order, ...]:
    """The orders of axes in which a tensor holds our values; several where axes of ours are of size 1."""
    if theirs.numel() != ours.numel() or theirs.dtype != ours.dtype:
        return ()
    # Sums first: nearly all tensors of a module are others, and to try all orders takes a while.
    if abs(float(ours.sum() - theirs.sum())) > SUM * float(ours.abs().sum()):
        return ()
    alike = {order: difference(laid_out(ours, order, theirs.shape), theirs) for order in _orders(ours)}
    same = {order for order, found in alike.items() if found <= most}
    # An order that leaves out axes of size 1 stands for all that have them elsewhere.
    return tuple(each for each in permutations(range(4)) if _without_ones(ours, each) in same)


def laid_out(ours: Tensor, order: Order, shape: Sequence[int]) -> Tensor:
    """One clip of ours in the order of another tensor's axes, in its shape."""
    rest = [axis for axis in range(4) if axis not in order]
    return ours[0].permute(*rest, *order).reshape(tuple(shape))


def in_our_axes(theirs: Tensor, orders: tuple[Order, ...], channels: int, side: tuple[int, int]) -> Tensor:
    """A tensor of any number of frames as one clip of ours, in the first of several orders that it fits."""
    sizes = [channels, theirs.numel() // (channels * prod(side)), *side]
    shapes = [[sizes[axis] for axis in order] for order in orders]
    own = [size for size in theirs.shape if size > 1]
    fits = [[size for size in shape if size > 1] == own for shape in shapes]
    place = fits.index(True) if True in fits else 0
    order = orders[place]
    return theirs.reshape(shapes[place]).permute([order.index(axis) for axis in range(4)])[None]


def _orders(ours: Tensor) -> Iterator[Order]:
    """All orders of the axes that have more than one place."""
    return permutations(_without_ones(ours, (0, 1, 2, 3)))


def _without_ones(ours: Tensor, order: Order) -> Order:
    return tuple(axis for axis in order if ours.shape[axis + 1] > 1)
