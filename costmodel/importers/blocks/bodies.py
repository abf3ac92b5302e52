"""What stands in a module, as its author sees it: layers and the blocks of other modules, by their names."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from costmodel.graph import Graph, Node
from costmodel.importers.blocks.modules import Module
from costmodel.importers.naming import plain
from costmodel.ops import Op
from costmodel.types import SINGLE_NUMBER_KERNEL, WAYS


class Missing:
    """No value: what would read it is not there."""


MISSING: Final = Missing()
SOURCE: Final = ""  # among names what comes into a module: no layer has that name
# One number of a field: its name, and its places in lists.
Leaf = tuple[str | int, ...]
Scalar = int | Fraction | str | Missing | None


@dataclass(frozen=True)
class Entry:
    """A layer or a block in a module.

    Args:
        key: its name in the module.
        word: the layer's word; of a block its name.
        leaves: the numbers of its fields, or the block's arguments.
        sources: the entries that it reads; `SOURCE` for what comes into the module.
        is_block: whether it is a block.
        node: the name of its last layer in the network.
    """

    key: str
    word: str
    leaves: Mapping[Leaf, Scalar]
    sources: tuple[str, ...]
    is_block: bool
    node: str

    @property
    def form(self) -> Hashable:
        """All but the numbers: what two entries have in common that differ in arguments alone."""
        texts = {leaf: is_number(value) or value for leaf, value in self.leaves.items()}
        return self.word, tuple(sorted(texts.items(), key=str))


@dataclass(frozen=True)
class Body:
    """What one module holds, and the channels that come in and go out."""

    path: str
    entries: tuple[Entry, ...]
    in_channels: int
    out_channels: int


def is_number(value: Scalar) -> bool:
    """Whether arithmetic may stand for a value; one that is missing may be any."""
    return isinstance(value, int | Fraction | Missing)


Called = Callable[[Module], tuple[str, Mapping[Leaf, Scalar]]]


def body_of(graph: Graph, module: Module, inner: Mapping[int, Module], called: Called) -> Body:
    """What a module holds.

    Args:
        graph: the network.
        module: the module, or the network as one.
        inner: the outermost blocks in it, by the place of their first layer.
        called: a block's name and its arguments.
    """
    prefix = f"{plain(module.path)}." if module.path else ""
    keys = {module.source: SOURCE}
    entries = []
    place = module.start
    while place < module.stop:
        block = inner.get(place)
        nodes = graph.nodes[place : block.stop if block is not None else place + 1]
        leaves: Mapping[Leaf, Scalar]
        if block is None:
            [node] = nodes
            key, word, leaves, sources = node.name, type(node.op).word, leaves_of(node), node.inputs
        else:
            (word, leaves), key, sources = called(block), plain(block.path), (block.source,)
        key = key.removeprefix(prefix)
        keys[nodes[-1].name] = key
        read = tuple(keys[each] for each in sources)
        entries.append(Entry(key, word, leaves, read, block is not None, nodes[-1].name))
        place += len(nodes)
    channels = (graph.types[each].channels for each in (module.source, entries[-1].node))
    return Body(module.path, tuple(entries), *map(int, channels))


def outermost(modules: Sequence[Module], start: int, stop: int) -> dict[int, Module]:
    """Of the modules between two places those that stand in no other, by their first place."""
    found: dict[int, Module] = {}
    end = start
    for each in sorted(modules, key=lambda each: (each.start, -each.stop, len(each.path))):
        if each.start >= end and each.stop <= stop:
            found[each.start], end = each, each.stop
    return found


def leaves_of(node: Node) -> dict[Leaf, Scalar]:
    """All fields of a layer, number by number."""
    found: dict[Leaf, Scalar] = {}
    for name, given in _fields(node.op):
        found |= flat(given, (name,))
    if SINGLE_NUMBER_KERNEL in node.tags:
        # As one number: some counting conventions tell it from three equal ones.
        kernel = found["kernel", 0]
        found = {leaf: value for leaf, value in found.items() if leaf[0] != "kernel"} | {("kernel",): kernel}
    for way, tag in WAYS.items():
        if tag in node.tags:
            found["written",] = way
    return found


def _fields(op: Op) -> Iterator[tuple[str, object]]:
    for field in dataclasses.fields(op):
        if field.name not in op.hidden:
            yield field.name, getattr(op, field.name)


def flat(value: object, leaf: Leaf) -> Iterator[tuple[Leaf, Scalar]]:
    """The numbers of a value, each with its place."""
    if isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from flat(each, (*leaf, index))
    else:
        assert isinstance(value, int | Fraction | str | None)
        yield leaf, value
