"""What a node of an exported program stands for here: an edge of our network, a constant, or writes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Self, TypeAlias

from torch import fx

from costmodel.importers.layout import BATCH, CHANNELS, HEIGHT, TIME, WIDTH, Dims, dim_of, shape_of
from costmodel.types import TensorType

OWN_AXES = (CHANNELS, TIME, HEIGHT, WIDTH)


class Span(NamedTuple):
    """Some positions of an axis; what lies outside of the axis is zero."""

    start: int
    size: int


Box = dict[str, Span]


@dataclass(frozen=True)
class Value:
    """A tensor as part of an edge of our network.

    Args:
        edge: the layer that gives it.
        dims: where the edge's axes lie in the tensor; atoms count positions within the box.
        box: which positions of each of the edge's axes it holds.
        kind: the type of the edge.
        batch: how many clips there are.
        is_each: whether it is one of the frames that a loop takes one by one, all of them.
    """

    edge: str
    dims: Dims
    box: Box
    kind: TensorType
    batch: int
    is_each: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape."""
        return shape_of(self.dims)

    def size(self, axis: str) -> int:
        """How many positions of an axis it holds."""
        return self.batch if axis == BATCH else self.box[axis].size

    def whole(self, axis: str) -> int:
        """How many positions of an axis the edge has."""
        return self.batch if axis == BATCH else int(self.kind[OWN_AXES.index(axis)])

    def is_full(self, axis: str) -> bool:
        """Whether it holds an axis from its first position to its last, and no more."""
        return self.box[axis] == Span(0, self.whole(axis))

    def pads(self, axis: str) -> tuple[int, int]:
        """Zeros ahead of the axis and behind it; below zero, positions left out there."""
        start, size = self.box[axis]
        return -start, start + size - self.whole(axis)

    def viewed(self, dims: Dims) -> Self:
        """The same values in other dimensions."""
        return replace(self, dims=dims)

    def cut(self, axis: str, span: Span) -> Self:
        """Some of the positions that it holds of an axis; its dimensions stay for the caller to set."""
        start = self.box[axis].start + span.start
        return replace(self, box={**self.box, axis: Span(start, span.size)})


def full_box(kind: TensorType) -> Box:
    """All positions of an edge."""
    return {axis: Span(0, int(size)) for axis, size in zip(OWN_AXES, kind, strict=True)}


def whole_value(edge: str, kind: TensorType, batch: int, order: tuple[str, ...]) -> Value:
    """An edge as a tensor with its axes in this order."""
    sizes = {BATCH: batch, **dict(zip(OWN_AXES, map(int, kind), strict=True))}
    return Value(edge, tuple(dim_of(axis, sizes[axis]) for axis in order), full_box(kind), kind, batch)


@dataclass(frozen=True)
class Constant:
    """A tensor that no input decides: a parameter, a buffer, or what is worked out from such."""

    node: fx.Node
    shape: tuple[int, ...]
    is_parameter: bool = False


@dataclass(frozen=True)
class Number:
    """A number that stands where a tensor could."""

    number: float


@dataclass(frozen=True)
class Canvas:
    """Zeros with values written into boxes of them: assigned slices.

    Args:
        shape: the tensor's.
        pieces: each the first position and the value, by dimension; later ones lie above earlier ones.
    """

    shape: tuple[int, ...]
    pieces: tuple[tuple[tuple[int, ...], Value], ...] = ()


@dataclass(frozen=True)
class Padded:
    """A tensor with numbers around it that lie below all others, which a maximum passes over.

    Args:
        value: the tensor.
        pads: how many positions stand ahead and behind, by dimension.
    """

    value: Value
    pads: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Scores:
    """How well queries fit keys: what attention written by hand makes ahead of its answer.

    Args:
        query: the queries, positions ahead of channels in its last two dimensions.
        key: the keys, positions ahead of channels too.
        scale: what the scores were multiplied by.
        is_softmax: whether a softmax has made shares of them.
        leading: where axes lie in the dimensions ahead of the last two.
        added: constants that were added to them, with where axes lay then.
    """

    query: Value
    key: Value
    scale: float
    is_softmax: bool
    leading: Dims
    added: tuple[tuple[Constant, Dims], ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape."""
        return (*shape_of(self.leading), self.query.shape[-2], self.key.shape[-2])

    @property
    def is_plain(self) -> bool:
        """Whether they are products of queries and keys, and nothing was made of them."""
        return not self.is_softmax and not self.added

    def plus(self, constant: Constant) -> Self:
        """Their sum with a constant."""
        return replace(self, added=(*self.added, (constant, self.leading)))


@dataclass(frozen=True)
class Memory:
    """What a recurrent cell keeps besides its answer, after one frame.

    Args:
        edge: the layer that runs the cell on all frames.
        frame: the frame.
    """

    edge: str
    frame: int


@dataclass(frozen=True)
class Unknown:
    """What a refused node would have answered."""

    shape: tuple[int, ...] = ()


Found: TypeAlias = "Value | Constant | Canvas | Padded | Scores | Memory | Unknown | tuple[Found, ...]"
