"""A network as an immutable graph of ops, checked on creation; definition order is topological order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from costmodel.errors import CostModelError, GraphError, nearest
from costmodel.numbers import Size
from costmodel.ops.base import Op, infer, key_of
from costmodel.types import TensorType

if TYPE_CHECKING:
    import networkx

INPUT = "input"
Value = TypeVar("Value")


@dataclass(frozen=True)
class Node:
    """One layer: its name, its op and the names of what it reads.

    `count` is how many equal layers it stands for, one after the other: 1 but in formulas and sweeps over
    depth.
    """

    name: str
    op: Op
    inputs: tuple[str, ...]
    count: Size = 1
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Graph:
    """Nodes in topological order, with one input and one output (the last node).

    Args:
        name: what the network is called.
        source: the type of the input.
        nodes: the layers; each reads layers before it, or `input`.
        every: camera frames per model frame.
        clip: for a stream, the clip network that it runs frame by frame.
        notes: what a transform did that a reader must know.

    Raises:
        GraphError: a name is used twice, or an input is not defined before it is read.
        ShapeError: an op cannot take its inputs; the message names the node.
    """

    name: str
    source: TensorType
    nodes: tuple[Node, ...]
    every: Size = 1
    clip: Graph | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.nodes:
            raise GraphError(f"{self.name}: a network needs at least one layer")
        known = {INPUT}
        for node in self.nodes:
            if node.name in known:
                raise GraphError(f"{node.name}: this name is used twice")
            for name in node.inputs:
                if name not in known:
                    raise GraphError(
                        f"{node.name}: reads {name!r}, which is not defined before it{nearest(name, known)}"
                    )
            known.add(node.name)
        _ = self.types

    @property
    def output(self) -> str:
        """The name of the node that answers."""
        return self.nodes[-1].name

    @property
    def is_stream(self) -> bool:
        """Whether the graph runs frame by frame."""
        return self.clip is not None

    @cached_property
    def types(self) -> Mapping[str, TensorType]:
        """The type of every edge by the name of the node it leaves."""
        return self.fold(_infer_at, {INPUT: self.source})

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        """Nodes by name."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """For each edge, the names of the nodes that read it, in order."""
        readers: dict[str, list[str]] = {name: [] for name in (INPUT, *self.by_name)}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                readers[name].append(node.name)
        return {name: tuple(found) for name, found in readers.items()}

    def inputs_of(self, node: Node) -> tuple[TensorType, ...]:
        """The types that a node reads."""
        return tuple(self.types[name] for name in node.inputs)

    def fold(
        self, visit: Callable[[Node, tuple[Value, ...]], Value], start: Mapping[str, Value]
    ) -> dict[str, Value]:
        """A value for every edge, from those of the edges that its node reads; `start` gives the input's.

        `visit` must depend on the node's op and its inputs alone: equal ones are computed once.
        """
        values = dict(start)
        seen: dict[Any, Value] = {}
        for node in self.nodes:
            inputs = tuple(values[name] for name in node.inputs)
            key = (key_of(node.op), key_of(inputs), key_of(node.count))
            if key not in seen:
                seen[key] = visit(node, inputs)
            values[node.name] = seen[key]
        return values

    def map(self, fact: Callable[[Op, tuple[TensorType, ...]], Value]) -> dict[str, Value]:
        """A fact of every node; nodes of equal op and input types share one value."""
        seen: dict[Any, Value] = {}
        values: dict[str, Value] = {}
        for node in self.nodes:
            inputs = self.inputs_of(node)
            key = (key_of(node.op), key_of(inputs))
            if key not in seen:
                seen[key] = fact(node.op, inputs)
            values[node.name] = seen[key]
        return values

    def networkx(self) -> networkx.DiGraph[str]:
        """The graph as a networkx DiGraph: nodes carry `op` and `type`, edges the type that flows there."""
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph(name=self.name)
        graph.add_node(INPUT, op=INPUT, type=str(self.source))
        for node in self.nodes:
            graph.add_node(node.name, op=type(node.op).__name__, type=str(self.types[node.name]))
            for name in node.inputs:
                graph.add_edge(name, node.name, type=str(self.types[name]))
        return graph


def _infer_at(node: Node, inputs: tuple[TensorType, ...]) -> TensorType:
    try:
        return infer(node.op, inputs)
    except CostModelError as error:
        raise type(error)(f"{node.name}: {error}") from error
