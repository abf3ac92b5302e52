"""One call of an exported program, as its rule sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import Any

from torch import Tensor, fx

from costmodel.importers.arguments import Arguments
from costmodel.importers.builder import Builder
from costmodel.importers.layout import CHANNELS, Dims, dim_of
from costmodel.importers.learned import Learned, Weights
from costmodel.importers.parts import channels_at, settled
from costmodel.importers.refusal import Refusal
from costmodel.importers.value import Canvas, Constant, Found, Memory, Number, Padded, Scores, Span, Value
from costmodel.ops import Op


class Call:
    """A call: its arguments by name, what they stand for, and the layers that it adds."""

    def __init__(self, node: fx.Node, known: Mapping[fx.Node, Found], builder: Builder) -> None:
        self.node, self.builder, self._known = node, builder, known
        self.given = Arguments(node)

    @classmethod
    def of_output(cls, node: fx.Node, known: Mapping[fx.Node, Found], builder: Builder) -> Call:
        """What the network answers, for which layers may have to be added."""
        call = cls.__new__(cls)
        call.node, call.builder, call._known = node, builder, known
        return call

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what it answers."""
        return shape_of_node(self.node)

    def found(self, name: str) -> Found | Number | None:
        """What an argument stands for."""
        return self.meaning(self.given[name])

    def meaning(self, value: Any) -> Found | Number | None:
        """What a node or a number stands for."""
        if isinstance(value, fx.Node):
            return self._known[value]
        return None if value is None else Number(float(value))

    def many(self, name: str) -> list[Found | Number | None]:
        """What the entries of a list stand for."""
        return [self.meaning(each) for each in self.given[name]]

    def value(self, name: str = "self") -> Value:
        """A tensor that the input decides.

        Raises:
            Refusal: it is a constant.
        """
        return self.as_value(self.found(name))

    def as_value(self, found: Found | Number | None) -> Value:
        """A tensor that the input decides; what was written into slices becomes layers.

        Raises:
            Refusal: it is a constant.
        """
        if isinstance(found, Canvas):
            from costmodel.importers.writes import painted

            return painted(self.node, self.builder, found)
        if isinstance(found, Scores):
            raise Refusal(
                "reads the scores of attention",
                "softmax(q @ k.transpose(-2, -1) * s) @ v, without a mask, a bias or anything else between",
            )
        if isinstance(found, Padded):
            raise Refusal("is padded with -inf, and no maximum follows", "pad with zeros")
        if isinstance(found, Memory):
            raise Refusal("reads the memory of a recurrent cell, which no layer answers", "read its state")
        if not isinstance(found, Value):
            raise Refusal("takes a tensor that the clip does not decide")
        return found

    def constant(self, name: str) -> Constant | None:
        """A parameter or a buffer; None where there is none.

        Raises:
            Refusal: the input decides it.
        """
        found = self.found(name)
        if isinstance(found, Constant):
            self._must_be_as_many(found, name)
        if found is None or isinstance(found, Constant):
            return found
        raise Refusal(f"its {name} depends on the clip", "layers of ours have weights that stay")

    def _must_be_as_many(self, constant: Constant, name: str) -> None:
        """Demands no more values than the parameters have that they are worked out from.

        Raises:
            Refusal: they are more, so that our layer would learn apart what the module learns once.
        """
        sizes = [prod(shape_of_node(each)) for each in self.builder.constants.learned(constant.node)]
        if sizes and sum(sizes) < prod(constant.shape):
            raise Refusal(
                f"its {name} is worked out from {sum(sizes)} values, and holds {prod(constant.shape)}",
                "store it as the layer uses it",
            )

    def worked_out(self, constant: Constant, given: Mapping[fx.Node, Tensor] | None = None) -> Tensor:
        """The values of a constant; `given`: with these in place of some that it is worked out from."""
        return self.builder.constants.tensor(constant.node, given)

    def numbers(self, name: str, count: int) -> tuple[int, ...]:
        """A list of whole numbers, one for each axis; one number stands for all."""
        given = self.given[name]
        entries = list(given) if isinstance(given, list | tuple) else [given]
        return tuple(int(each) for each in (entries * count if len(entries) == 1 else entries))

    def share(self, name: str) -> Fraction:
        """A number from 0 to 1, exactly as it was written.

        Raises:
            Refusal: it lies beyond, which no spec says.
        """
        found = Fraction(str(self.given[name]))
        if not 0 <= found <= 1:
            raise Refusal(f"{name} is {float(found):g}, and specs take 0 to 1")
        return found

    def dimension(self, name: str, rank: int) -> int:
        """The number of a dimension, counted from the front."""
        return int(self.given[name]) % rank

    def must_be(self, name: str, wanted: object, nearest: str = "") -> None:
        """Demands one value of an argument.

        Raises:
            Refusal: it has another.
        """
        found = self.given.get(name, wanted)
        if found != wanted:
            raise Refusal(f"{name} is {found}, expected {wanted}", nearest)

    def settled(self, value: Value, but: Sequence[str] = ()) -> Value:
        """The value as an edge of its own; see `settled`."""
        return settled(self.builder, self.node, value, but)

    def channels_at(self, value: Value, index: int) -> Value:
        """The value with all its channels in one dimension; see `channels_at`."""
        return channels_at(self.builder, self.node, value, index)

    def in_order(self, value: Value, index: int) -> Value:
        """The value with channels that were dealt out in a dimension there in that order, if any were."""
        atoms = value.dims[index]
        is_dealt = len(atoms) > 1 and all(atom.axis == CHANNELS for atom in atoms)
        return self.channels_at(value, index) if is_dealt else value

    def add(self, op: Op, *values: Value, weights: Weights | None = None, is_own: bool = True) -> str:
        """Adds a layer that reads the edges of values; its name."""
        again = any(each.is_each for each in values)
        edges = [each.edge for each in values]
        return self.builder.add(self.node, op, edges, weights or {}, again=again, is_own=is_own)

    def each_value(self, op: Op, *values: Value, weights: Weights | None = None) -> Value:
        """A layer that treats every value alone: dimensions stay as they are."""
        edge = self.add(op, *values, weights=weights)
        return replace(values[0], edge=edge, kind=self.builder.types[edge])

    def with_channels(self, op: Op, value: Value, index: int, weights: Weights | None = None) -> Value:
        """A layer on the channels at every position; they stand in dimension `index`, before and behind."""
        edge = self.add(op, value, weights=weights)
        kind = self.builder.types[edge]
        channels = int(kind.channels)
        dims = replaced(value.dims, {index: dim_of(CHANNELS, channels)})
        box = {**value.box, CHANNELS: Span(0, channels)}
        return replace(value, edge=edge, kind=kind, dims=dims, box=box)


def replaced(dims: Dims, changes: Mapping[int, Any]) -> Dims:
    """Dimensions with some of them put in anew."""
    return tuple(changes.get(index, dim) for index, dim in enumerate(dims))


def learned(found: Constant | None, order: tuple[int, ...] | None = None) -> Learned | None:
    """A layer's tensor from a constant; None of none."""
    return None if found is None else Learned(found, order)


def shape_of_node(node: fx.Node) -> tuple[int, ...]:
    """The shape of what a node answers; of several tensors, the first's."""
    found = node.meta.get("val")
    if isinstance(found, list | tuple):
        found = next((each for each in found if isinstance(each, Tensor)), None)
    return tuple(map(int, found.shape)) if isinstance(found, Tensor) else ()
