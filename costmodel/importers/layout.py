"""Where the axes of a clip lie in a tensor: each of its dimensions as parts of axes, the outermost first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod

BATCH, CHANNELS, TIME, HEIGHT, WIDTH = AXES = ("batch", "channels", "time", "height", "width")
# A dimension whose values are all alike, as `expand` makes one: it holds no axis.
REPEATED = "repeated"


class LayoutError(Exception):
    """A tensor cannot be laid out so."""


@dataclass(frozen=True)
class Atom:
    """Part of an axis: `size` positions, `stride` apart on the axis."""

    axis: str
    size: int
    stride: int = 1


Dim = tuple[Atom, ...]
Dims = tuple[Dim, ...]


def dim_of(axis: str, size: int) -> Dim:
    """A whole axis as a dimension; one of size 1 has no atom, as nobody can tell which axis it is."""
    return (Atom(axis, size),) if size > 1 else ()


def size_of(dim: Iterable[Atom]) -> int:
    """The size of a dimension."""
    return prod(atom.size for atom in dim)


def shape_of(dims: Dims) -> tuple[int, ...]:
    """The shape of a tensor."""
    return tuple(map(size_of, dims))


def merged(atoms: Iterable[Atom]) -> Dim:
    """Atoms with neighbours of one axis joined where they follow each other on it."""
    found: list[Atom] = []
    for atom in atoms:
        last = found[-1] if found else None
        if last is not None and last.axis == atom.axis and last.stride == atom.size * atom.stride:
            found[-1] = Atom(atom.axis, last.size * atom.size, atom.stride)
        else:
            found.append(atom)
    return tuple(found)


def regrouped(dims: Dims, shape: Sequence[int]) -> Dims:
    """The same values in another shape, in the same order, as `reshape` has them.

    Raises:
        LayoutError: a new dimension would cut an axis where it does not divide.
    """
    left = deque(merged(chain.from_iterable(dims)))
    found = tuple(_taken(left, size) for size in shape)
    if left:
        raise LayoutError(f"{shape_of(dims)} does not fit into {tuple(shape)}")
    return found


def _taken(left: deque[Atom], size: int) -> Dim:
    """The next atoms of a dimension of this size, the last of them cut where it is larger."""
    taken: list[Atom] = []
    while size > 1:
        if not left:
            raise LayoutError("the new shape holds more values")
        atom = left.popleft()
        if size % atom.size == 0:
            taken.append(atom)
            size //= atom.size
        elif atom.size % size == 0:
            rest = atom.size // size
            taken.append(Atom(atom.axis, size, atom.stride * rest))
            left.appendleft(Atom(atom.axis, rest, atom.stride))
            size = 1
        else:
            raise LayoutError(f"{size} does not divide the {atom.size} of {atom.axis}")
    return merged(taken)


def described(dims: Dims) -> str:
    """A layout in words, such as `(batch time, channels, height, width)`."""
    return f"({', '.join(' '.join(map(_named, dim)) or '1' for dim in dims)})"


def _named(atom: Atom) -> str:
    return atom.axis if atom.stride == 1 else f"{atom.axis}/{atom.stride}"
