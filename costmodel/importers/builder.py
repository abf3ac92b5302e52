"""Our network as it grows: layers are added here, and parts of edges become layers where one is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

import torch
from torch import Tensor, fx

from costmodel.errors import CostModelError
from costmodel.graph import INPUT, Graph, Node
from costmodel.importers.layout import BATCH, CHANNELS, HEIGHT, TIME, WIDTH, Atom, Dims, dim_of
from costmodel.importers.naming import Names
from costmodel.importers.refusal import Refusal
from costmodel.importers.value import Constant, Span, Value, full_box
from costmodel.ops import AvgPool, Last, Op, PadChannels, Shift, Shuffle, Split, infer
from costmodel.types import TensorType

MAP = (HEIGHT, WIDTH)


@dataclass(frozen=True)
class Learned:
    """Where a layer's tensor comes from: a constant of the module, or a tensor of our own.

    Args:
        source: the module's, or a function that makes ours.
        order: how its axes are put in order first; None: as they are.
    """

    source: Constant | Callable[[], Tensor]
    order: tuple[int, ...] | None = None


Weights = Mapping[str, Learned]


@dataclass
class Builder:
    """The layers so far.

    Args:
        source: the type of the input.
        batch: how many clips the exported program takes.
    """

    source: TensorType
    batch: int
    nodes: list[Node] = field(default_factory=list)
    weights: dict[str, Weights] = field(default_factory=dict)
    calls: dict[str, fx.Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.types: dict[str, TensorType] = {INPUT: self.source}
        self.names = Names()
        self._made: dict[object, str] = {}

    def add(
        self,
        call: fx.Node,
        op: Op,
        edges: Sequence[str],
        weights: Weights,
        *,
        again: bool,
        is_own: bool = False,
    ) -> str:
        """Adds a layer.

        Args:
            call: the node that it stands for.
            op: the layer.
            edges: what it reads.
            weights: its tensors, by our names of them.
            again: whether an equal layer that was made before serves, as in a loop over frames.
            is_own: whether it is what the module itself does, not what it needs ahead of it.

        Raises:
            Refusal: the layer cannot take these edges.
        """
        key = (op, tuple(edges), tuple((name, id(_source(each))) for name, each in weights.items()))
        if again and key in self._made:
            return self._made[key]
        try:
            kind = infer(op, tuple(self.types[edge] for edge in edges))
        except CostModelError as error:
            raise Refusal(str(error)) from error
        name = self.names.of(call, type(op).word, is_own=is_own)
        self.nodes.append(Node(name, op, tuple(edges)))
        self.types[name], self.weights[name], self.calls[name] = kind, weights, call
        self._made[key] = name
        return name

    def graph(self, name: str, output: str) -> Graph:
        """The network up to a layer; what that layer does not need is left out.

        Raises:
            Refusal: there is no layer.
        """
        needed = {output}
        for node in reversed(self.nodes):
            needed |= set(node.inputs) if node.name in needed else set()
        kept = tuple(node for node in self.nodes if node.name in needed)
        if not kept:
            raise Refusal("answers its input as it is", "there is no layer to read")
        return Graph(name, self.source, kept)

    def value(self, edge: str, dims: Dims) -> Value:
        """A whole edge in dimensions."""
        kind = self.types[edge]
        return Value(edge, dims, full_box(kind), kind, self.batch)

    # Parts of edges

    def settled(self, call: fx.Node, value: Value, but: Sequence[str] = ()) -> Value:
        """The value as an edge of its own, no part of another's but on the axes `but`.

        Raises:
            Refusal: no layer of ours cuts or pads so.
        """
        if not value.is_full(CHANNELS) and CHANNELS not in but:
            value = self._with_channels(call, value)
        if not value.is_full(TIME) and TIME not in but and not value.is_each:
            value = self._with_frames(call, value)
        beyond = [axis for axis in MAP if not value.is_full(axis) and axis not in but]
        if not beyond:
            return value
        if any(min(value.pads(axis)) < 0 for axis in beyond):
            raise Refusal(
                f"takes a part of the {' and '.join(beyond)}, and there is no layer that crops maps",
                "pool or convolve with a stride, or crop the clip before it is fed",
            )
        pads = {axis: value.pads(axis) for axis in beyond}
        padding = (0, pads.get(HEIGHT, 0), pads.get(WIDTH, 0))
        return self._renewed(call, AvgPool(kernel=(1, 1, 1), padding=padding), value, beyond)

    def _with_channels(self, call: fx.Node, value: Value) -> Value:
        before, behind = value.pads(CHANNELS)
        if before > 0:
            raise Refusal("puts channels of zeros ahead of others", "put them behind: pad_channels")
        if before < 0 or behind < 0:
            first, count, all_of_them = -before, value.size(CHANNELS), value.whole(CHANNELS)
            count = min(count, all_of_them - first)
            sizes = (first, count) if first else (count,)
            split = Split(part=len(sizes), sizes=sizes)
            if all_of_them % count == 0 and first % count == 0:
                split = Split(part=first // count + 1, parts=all_of_them // count)
            inner = replace(value, box={**value.box, CHANNELS: Span(first, count)})
            wanted = value.size(CHANNELS)
            value = replace(self._renewed(call, split, inner, [CHANNELS]), dims=value.dims)
            value = value if count == wanted else value.cut(CHANNELS, Span(0, wanted))
        if not value.is_full(CHANNELS):
            value = self._renewed(call, PadChannels(value.size(CHANNELS)), value, [CHANNELS])
        return value

    def _with_frames(self, call: fx.Node, value: Value) -> Value:
        before, behind = value.pads(TIME)
        if before == -behind and value.size(TIME) == value.whole(TIME):
            return self._renewed(call, Shift(frames=before), value, [TIME])
        if before >= 0 and behind >= 0:
            pool = AvgPool(kernel=(1, 1, 1), padding=((before, behind), 0, 0))
            return self._renewed(call, pool, value, [TIME])
        if value.size(TIME) == 1 and behind == 0:
            return self._renewed(call, Last(), value, [TIME])
        span = f"{value.size(TIME)} of {value.whole(TIME)} frames from {-before} on"
        raise Refusal(
            f"takes {span}, and no layer of ours cuts a clip so",
            "the last frame alone, every n-th frame, a shift with zeros, or a merge that crops can be read",
        )

    def _renewed(self, call: fx.Node, op: Op, value: Value, axes: Sequence[str]) -> Value:
        edge = self.add(call, op, (value.edge,), {}, again=value.is_each)
        kind = self.types[edge]
        fresh = full_box(kind)
        box = {axis: fresh[axis] if axis in axes else span for axis, span in value.box.items()}
        return replace(value, edge=edge, kind=kind, box=box)

    # What layers ask of dimensions

    def channels_at(self, call: fx.Node, value: Value, index: int) -> Value:
        """The value with all its channels, in their own order, in one dimension.

        Raises:
            Refusal: that dimension holds something else.
        """
        dim = value.dims[index]
        if dim == dim_of(CHANNELS, value.size(CHANNELS)):
            return value
        groups = _dealt(dim, value.size(CHANNELS))
        if groups is None:
            raise Refusal(
                f"takes dimension {index} for channels, and it holds {_words(dim, value)}",
                "permute so that all channels, and nothing else, are there",
            )
        value = self.settled(call, value, but=(TIME, *MAP))
        shuffled = self._renewed(call, Shuffle(groups), value, [CHANNELS])
        dims = list(value.dims)
        dims[index] = dim_of(CHANNELS, value.size(CHANNELS))
        return replace(shuffled, dims=tuple(dims))

    def axes_at(self, value: Value, indices: Sequence[int]) -> tuple[str, ...]:
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
            raise Refusal(
                f"slides over {' and '.join(found)}", "only time, height and width can be slid over"
            )
        return tuple(found)

    def must_be_whole(self, value: Value, indices: Iterable[int], *, joins_channels: bool = False) -> None:
        """Demands that dimensions hold whole axes, however they are joined.

        Raises:
            Refusal: one holds a part of an axis, or channels where each would be a clip of its own.
        """
        for index in indices:
            for atom in value.dims[index]:
                is_known = atom.axis == BATCH or atom.axis in value.box
                if not is_known or atom != Atom(atom.axis, value.size(atom.axis)):
                    raise Refusal(
                        f"dimension {index} holds {_words(value.dims[index], value)}",
                        "fold whole axes into the batch",
                    )
                if atom.axis == CHANNELS and not joins_channels:
                    raise Refusal(
                        f"dimension {index} holds {_words(value.dims[index], value)}, so that channels are "
                        "taken for clips or positions",
                        "give the layer groups, or leave the channels in their dimension",
                    )


def whole_axis(value: Value, dim: tuple[Atom, ...], index: int) -> str:
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
        f"dimension {index} holds {_words(dim, value)}, expected one whole axis",
        "reshape so that each of time, height and width has a dimension of its own",
    )


def _dealt(dim: tuple[Atom, ...], channels: int) -> int | None:
    """The groups of a shuffle that gives channels in this order; None where none does."""
    if len(dim) != 2 or any(atom.axis != CHANNELS for atom in dim):
        return None
    outer, inner = dim
    is_dealt = outer.stride == 1 and inner.stride == outer.size and outer.size * inner.size == channels
    return inner.size if is_dealt else None


def _words(dim: tuple[Atom, ...], value: Value) -> str:
    if not dim:
        return "nothing (size 1)"
    parts = []
    for atom in dim:
        whole = value.size(atom.axis) if atom.axis in value.box or atom.axis == BATCH else atom.size
        parts.append(atom.axis if atom.size == whole else f"{atom.size} of {whole} {atom.axis}")
    return " and ".join(parts)


def _source(learned: Learned) -> object:
    return learned.source.node if isinstance(learned.source, Constant) else learned.source


def filled(shape: Sequence[int], value: float) -> Learned:
    """A tensor of our own, all its values alike."""
    return Learned(lambda: torch.full(tuple(shape), value))


def count_of(shape: Sequence[int]) -> int:
    """How many numbers a shape holds."""
    return prod(shape)
