"""Tensors taken in their order, where all shapes agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import zip_longest

from torch import Tensor

from costmodel.emit.checkpoints.difference import fitting
from costmodel.emit.weights_file import shown
from costmodel.errors import EmitError


def in_order(found: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The tensors under the names of the network's, first to first and last to last.

    Raises:
        EmitError: the number of tensors differs, or a shape; the message names the first place.
    """
    taken: dict[str, Tensor] = {}
    # To the end of the longer one: a tensor too many is told by its place as one too few is.
    pairs = zip_longest(found.items(), shapes.items())
    for place, (theirs, ours) in enumerate(pairs, start=1):
        at = f"--by-order: tensor {place} of {len(found)}"
        if theirs is None:
            raise EmitError(f"{at} is not there, expected {ours[0]!r} and {len(shapes) - place} more")
        name, tensor = theirs
        if ours is None:
            raise EmitError(f"{at} is {shown(name)!r}, expected no more: the network has {len(shapes)}")
        value = fitting(tensor, ours[1])
        if value is None:
            differ = f"{shown(name)!r} of {tuple(tensor.shape)}, expected {ours[0]!r} of {ours[1]}"
            raise EmitError(f"{at} is {differ}")
        taken[ours[0]] = value
    return taken


def order_note(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """What a reader must know of tensors that were taken by their order alone."""
    counts = Counter(shapes.values())
    alike = sum(number for number in counts.values() if number > 1)
    return (
        f"taken by order: {alike} of {len(shapes)} tensors have a shape that others have too, so that layers "
        "in another order would fit as well; compare answers with the network that they come from"
    )
