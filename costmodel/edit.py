"""Edits to a graph: layers put in, replaced and taken out, each new one under a name that no other has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypedDict, Unpack

from costmodel.errors import GraphError, nearest
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import Size
from costmodel.ops import Op
from costmodel.ops.base import key_of
from costmodel.types import SINGLE_NUMBER_KERNEL, Answers, TensorType


class Changes(TypedDict, total=False):
    """Fields of a graph, beside its nodes, that an edit gives other values."""

    name: str
    source: TensorType
    every: Size
    clip: Graph | None
    notes: tuple[str, ...]
    pool: Size | None
    chunk: int
    answers: Answers


class Editor:
    """Collects edits to a graph, which stays as it is; `graph()` gives the edited one, checked.

    Layers keep their order. A new one stands right ahead of who reads it, or right behind what it reads, and
    takes the `count` of that layer unless given one. New names are made here alone, so that no transform can
    overwrite a layer of a user's own.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._nodes = dict(graph.by_name)
        self._order = [node.name for node in graph.nodes]

    def __iter__(self) -> Iterator[Node]:
        """The nodes as they stand now, in order."""
        return (self._nodes[name] for name in self._order)

    def node(self, name: str) -> Node:
        """A node as it stands now.

        Raises:
            GraphError: there is none of this name; the message lists the nearest.
        """
        if name not in self._nodes:
            raise GraphError(f"{name}: the network has no such layer{nearest(name, self._nodes)}")
        return self._nodes[name]

    def fresh(self, wanted: str) -> str:
        """The wanted name, with underscores behind it where a layer has it already."""
        while wanted == INPUT or wanted in self._nodes:
            wanted += "_"
        return wanted

    def insert_before(
        self,
        reader: str,
        at: int,
        op: Op,
        wanted: str,
        count: Size | None = None,
        *,
        beside: str | None = None,
    ) -> str:
        """Puts a layer on the one edge that a node reads at a place; gives its name.

        It reads what stood there, and `beside` it another edge, where it joins two.

        Raises:
            GraphError: there is no such node, or it reads nothing at that place.
        """
        node, source = self.node(reader), self._source(reader, at)
        inputs = (source,) if beside is None else (source, beside)
        new = Node(self.fresh(wanted), op, inputs, node.count if count is None else count)
        self._put(self._order.index(reader), new)
        self.redirect(reader, at, new.name)
        return new.name

    def insert_after(self, source: str, op: Op, wanted: str, count: Size | None = None) -> str:
        """Puts a layer behind a node or the input: all that read it read the new layer; gives its name.

        Raises:
            GraphError: there is no such node.
        """
        place = 0 if source == INPUT else self._order.index(self.node(source).name) + 1
        own_count = 1 if source == INPUT else self._nodes[source].count
        new = Node(self.fresh(wanted), op, (source,), own_count if count is None else count)
        # Ahead of `_put`: the new layer itself must go on reading the source.
        self._read_instead(source, new.name)
        self._put(place, new)
        return new.name

    def redirect(self, reader: str, at: int, source: str) -> None:
        """Lets a node read another edge at a place.

        Raises:
            GraphError: there is no such node or edge, or the node reads nothing at that place.
        """
        self._source(reader, at)
        if source != INPUT:
            self.node(source)
        node = self._nodes[reader]
        inputs = (*node.inputs[:at], source, *node.inputs[at + 1 :])
        self._nodes[reader] = replace(node, inputs=inputs)

    def replace(self, name: str, op: Op) -> None:
        """Puts another op in place of a node's; its name, its inputs and its readers stay.

        Raises:
            GraphError: there is no such node.
        """
        node = self.node(name)
        # A kernel that was one number and has become three: tools that count tell them apart.
        kernel = getattr(op, "kernel", ())
        is_three = isinstance(kernel, tuple) and len(set(map(key_of, kernel))) > 1
        tags = node.tags - {SINGLE_NUMBER_KERNEL} if is_three else node.tags
        self._nodes[name] = replace(node, op=op, tags=tags)

    def recount(self, name: str, count: Size) -> None:
        """Lets a node stand for another number of equal layers.

        Raises:
            GraphError: there is no such node.
        """
        self._nodes[name] = replace(self.node(name), count=count)

    def of_each_frame(self, name: str) -> None:
        """Lets a layer take each frame alone; it goes where nothing is left of it then.

        Raises:
            GraphError: there is no such node.
            TransformError: it must see frames to come.
        """
        op = self.node(name).op.of_each_frame(*self._graph.inputs_of(self._graph.by_name[name]))
        if op is None:
            self.bypass(name)
        else:
            self.replace(name, op)

    def bypass(self, name: str) -> None:
        """Takes a layer out; what read it reads what it read. Its name is free again.

        Raises:
            GraphError: there is no such node, it joins branches, or it answers and what it reads cannot.
        """
        node = self.node(name)
        if len(node.inputs) != 1:
            raise GraphError(f"{name}: joins {len(node.inputs)} branches, expected a layer of one input")
        # The last node answers: what takes its place must be the last one then.
        if name == self._order[-1] and [*node.inputs] != self._order[-2:-1]:
            raise GraphError(f"{name}: answers, and {node.inputs[0]!r} that it reads cannot in its place")
        self._read_instead(name, node.inputs[0])
        self._take(name)

    def remove(self, name: str) -> None:
        """Takes out a layer that nobody reads. Its name is free again.

        Raises:
            GraphError: there is no such node, it answers, or another reads it; the message names the reader.
        """
        self.node(name)
        if name == self._order[-1]:
            raise GraphError(f"{name}: answers for the network and cannot be removed")
        for node in self:
            if name in node.inputs:
                raise GraphError(f"{name}: is read by {node.name!r} and cannot be removed; bypass it")
        self._take(name)

    def answer(self, name: str) -> None:
        """Lets a node answer for the network; layers that it does not need go.

        Raises:
            GraphError: there is no such node.
        """
        needed, waiting = set(), [self.node(name).name]
        while waiting:
            found = waiting.pop()
            if found != INPUT and found not in needed:
                needed.add(found)
                waiting += self._nodes[found].inputs
        self._order = [each for each in self._order if each in needed]
        self._nodes = {each: self._nodes[each] for each in self._order}

    def graph(self, **changes: Unpack[Changes]) -> Graph:
        """The edited graph, checked as every graph is; `changes` are other fields of it.

        Raises:
            GraphError: a layer reads one that comes behind it.
            ShapeError: a layer cannot take what it reads now; the message names it.
        """
        return replace(self._graph, nodes=tuple(self), **changes)

    def _source(self, reader: str, at: int) -> str:
        inputs = self.node(reader).inputs
        if not 0 <= at < len(inputs):
            raise GraphError(f"{reader}: reads {len(inputs)} layers, expected a place below that, not {at}")
        return inputs[at]

    def _read_instead(self, old: str, new: str) -> None:
        for node in self._nodes.values():
            if old in node.inputs:
                inputs = tuple(new if name == old else name for name in node.inputs)
                self._nodes[node.name] = replace(node, inputs=inputs)

    def _put(self, place: int, node: Node) -> None:
        self._order.insert(place, node.name)
        self._nodes[node.name] = node

    def _take(self, name: str) -> None:
        self._order.remove(name)
        del self._nodes[name]
