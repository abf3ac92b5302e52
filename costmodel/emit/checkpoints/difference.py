"""What differs between tensors under our names and those that a network has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from torch import Tensor

from costmodel.emit.weights_file import shown

COUNTERS = "num_batches_tracked"
MOST_SHOWN = 4


@dataclass(frozen=True)
class Difference:
    """What keeps tensors from being a network's, each by name.

    Args:
        right: how many are the network's, of the right shape.
        wanted: how many it has.
        missing: those that are not there.
        unexpected: those that it does not have, by the checkpoint's names.
        wrong: those of another shape, in words.
        clashes: names that two tensors of the checkpoint would have, in words.
    """

    right: int
    wanted: int
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    clashes: tuple[str, ...] = ()

    def fits(self, *, strict: bool = True) -> bool:
        """Whether the tensors are the network's; those that it does not have count where strict."""
        return not (self.missing or self.wrong or self.clashes or (strict and self.unexpected))

    def told(self, *, strict: bool = True) -> str:
        """The difference in words."""
        problems = (
            ("missing", self.missing, grouped(self.missing)),
            ("unexpected", self.unexpected if strict else (), grouped(self.unexpected)),
            ("of the wrong shape", self.wrong, self.wrong),
            ("twice", self.clashes, self.clashes),
        )
        return "; ".join(
            f"{len(names)} tensor{'s' * (len(names) != 1)} {what}: {some(told)}"
            for what, names, told in problems
            if names
        )


def fitting(tensor: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    """A tensor in a shape that differs by axes of size 1 alone; None where it has other axes.

    A linear layer and a convolution of 1 x 1 x 1 hold the same values in the same order, as do kernels over
    two axes and such of one frame.
    """
    if tuple(tensor.shape) == shape:
        return tensor
    # The other axes must stand in the same order: equal counts
    # of numbers alone would let a transposed matrix in.
    if [size for size in tensor.shape if size != 1] != [size for size in shape if size != 1]:
        return None
    return tensor.reshape(shape)


def shape_told(theirs: str, tensor: Tensor, shape: Collection[int]) -> str:
    """A tensor of the wrong shape, in words."""
    return f"{shown(theirs)} is {tuple(tensor.shape)}, expected {tuple(shape)}"


def grouped(names: Collection[str]) -> tuple[str, ...]:
    """Names, those of one layer, block or stage together where there are many: `res4.9.* (22)`."""
    groups: dict[str, list[str]] = {name: [name] for name in names}
    # From fine to coarse, until few enough are left for a line.
    for depth in (3, 2, 1):
        if len(groups) <= MOST_SHOWN:
            break
        groups = {}
        for name in names:
            groups.setdefault(_head(name, depth), []).append(name)
    return tuple(
        f"{shown(head)} ({len(each)})" if len(each) > 1 else shown(each[0]) for head, each in groups.items()
    )


def _head(name: str, depth: int) -> str:
    parts = name.split(".")
    return name if len(parts) <= depth else ".".join((*parts[:depth], "*"))


def some(texts: Collection[str]) -> str:
    """The first few, and how many more."""
    more = len(texts) - MOST_SHOWN
    return ", ".join(list(texts)[:MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def by_shape(wanted: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """The shapes of a network's tensors, but those that count batches."""
    return {name: tuple(value.shape) for name, value in wanted.items() if not name.endswith(COUNTERS)}
