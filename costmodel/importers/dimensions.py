"""What layers ask of a tensor's dimensions: whole axes, each where it belongs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from costmodel.importers.layout import BATCH, CHANNELS, HEIGHT, TIME, WIDTH, Atom, Dim
from costmodel.importers.refusal import Refusal
from costmodel.importers.value import Value

MAP = (HEIGHT, WIDTH)


def axes_at(value: Value, indices: Sequence[int]) -> tuple[str, ...]:
    """The axis that each of some dimensions holds, whole.

    Raises:
        Refusal: one of them holds something else.
    """
    found = [whole_axis(value, value.dims[index], index) for index in indices]
    free = [axis for axis in (TIME, *MAP) if value.size(axis) == 1]
    wanted = (TIME, *MAP) if len(indices) == 3 else MAP if len(indices) == 2 else (TIME,)
    for place, axis in enumerate(found):
        if axis:
            continue
        # An axis of size 1 leaves no trace: the one that usually stands there, or the last that is free.
        chosen = wanted[place] if wanted[place] in free else free[-1] if free else ""
        if not chosen:
            raise Refusal("slides over a dimension of size 1 that is no axis of the clip")
        free.remove(chosen)
        found[place] = chosen
    if CHANNELS in found or BATCH in found:
        raise Refusal(f"slides over {' and '.join(found)}", "only time, height and width can be slid over")
    return tuple(found)


def must_be_whole(value: Value, indices: Iterable[int], *, joins_channels: bool = False) -> None:
    """Demands that dimensions hold whole axes, however they are joined.

    Raises:
        Refusal: one holds a part of an axis, or channels where each would be a clip of its own.
    """
    for index in indices:
        for atom in value.dims[index]:
            is_known = atom.axis == BATCH or atom.axis in value.box
            if not is_known or atom != Atom(atom.axis, value.size(atom.axis)):
                raise Refusal(
                    f"dimension {index} holds {in_words(value.dims[index], value)}",
                    "fold whole axes into the batch",
                )
            if atom.axis == CHANNELS and not joins_channels:
                raise Refusal(
                    f"dimension {index} holds {in_words(value.dims[index], value)}, so that channels are "
                    "taken for clips or positions",
                    "give the layer groups, or leave the channels in their dimension",
                )


def must_be_positions(value: Value, indices: Iterable[int]) -> None:
    """Demands clips and positions in dimensions, for a layer that treats each position alone.

    However they are cut and joined, the layer answers each in its place.

    Raises:
        Refusal: one holds channels, or what was repeated.
    """
    for index in indices:
        if any(atom.axis not in (BATCH, TIME, *MAP) for atom in value.dims[index]):
            raise Refusal(
                f"dimension {index} holds {in_words(value.dims[index], value)}, so that channels are "
                "taken for clips or positions",
                "leave the channels in their dimension",
            )


def whole_axis(value: Value, dim: Dim, index: int) -> str:
    """The axis that a dimension holds from end to end; empty for one of size 1.

    Raises:
        Refusal: it holds a part of one, or several.
    """
    if not dim:
        return ""
    atom = dim[0]
    known = atom.axis in value.box or atom.axis == BATCH
    if len(dim) == 1 and known and atom == Atom(atom.axis, value.size(atom.axis)):
        return atom.axis
    raise Refusal(
        f"dimension {index} holds {in_words(dim, value)}, expected one whole axis",
        "reshape so that each of time, height and width has a dimension of its own",
    )


def dealt(dim: Dim, channels: int) -> int | None:
    """The groups of a shuffle that gives channels in this order; None where none does."""
    if len(dim) != 2 or any(atom.axis != CHANNELS for atom in dim):
        return None
    outer, inner = dim
    is_dealt = outer.stride == 1 and inner.stride == outer.size and outer.size * inner.size == channels
    return inner.size if is_dealt else None


def in_words(dim: Dim, value: Value) -> str:
    """What a dimension holds, in words."""
    if not dim:
        return "nothing (size 1)"
    parts = []
    for atom in dim:
        whole = value.size(atom.axis) if atom.axis in value.box or atom.axis == BATCH else atom.size
        parts.append(atom.axis if atom.size == whole else f"{atom.size} of {whole} {atom.axis}")
    return " and ".join(parts)
