"""A network as an immutable graph of ops, checked on creation; definition order is topological order."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import InitVar, dataclass, field
from functools import cached_property
from textwrap import fill
from typing import TYPE_CHECKING, TypeVar

from costmodel.errors import CostModelError, GraphError, nearest
from costmodel.escape import html, terminal
from costmodel.numbers import Number, Size
from costmodel.ops.base import Op, infer, key_of, macs_of, params_of
from costmodel.types import TRAINED_FPS, Answers, TensorType, Window

if TYPE_CHECKING:
    import networkx

INPUT = "input"
MOST_SHOWN = 12  # of the layers and notes of a graph's `repr`
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
class Block:
    """A spec's block at one place of a network: its name, and the values of its arguments there."""

    word: str
    arguments: Mapping[str, Number]


@dataclass(frozen=True, repr=False)
class Graph:
    """Nodes in topological order, with one input and one output (the last node).

    Args:
        name: what the network is called.
        source: the type of the input.
        nodes: the layers; each reads layers before it, or `input`.
        every: camera frames per model frame, at the rate that the network was trained at.
        fps: that rate, in camera frames a second.
        clip: for a stream, the clip network that it runs frame by frame.
        notes: what a transform did that a reader must know.
        blocks: the spec's blocks by the prefix of their layers' names, such as `res2.0`.
        pool: for a stream, the input frames that its last pool was asked to cover instead of the clip.
        chunk: for a stream, the frames that it takes at a step. Types and facts are of one frame all the
            same; `costmodel.analysis.temporal.step_types` gives what a step holds.
        answers: for a stream, which answers to the frames of a step it gives.
        inferred: the types of all edges, where whoever collected the nodes has them.

    Raises:
        GraphError: a name is used twice, or an input is not defined before it is read.
        ShapeError: an op cannot take its inputs; the message names the node.
    """

    name: str
    source: TensorType
    nodes: tuple[Node, ...]
    every: Size = 1
    fps: Number = TRAINED_FPS
    clip: Graph | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    blocks: Mapping[str, Block] = field(default_factory=dict, repr=False, compare=False)
    # What was asked for, by which validation knows how many frames there should be; nothing is made of it.
    pool: Size | None = field(default=None, repr=False, compare=False)
    chunk: int = 1
    answers: Answers = "all"
    inferred: InitVar[Kinds | None] = None

    def __repr__(self) -> str:
        kind = "stream" if self.is_stream else "clip network"
        shapes = f"{self.source} in, {self.types[self.output]} out"
        stages = dict.fromkeys(node.name.partition(".")[0] for node in self.nodes)
        shown = ", ".join([*list(stages)[:MOST_SHOWN], *(["..."] if len(stages) > MOST_SHOWN else [])])
        lines = (f"<{self.name}: a {kind}, {shapes}, {len(self.nodes)} layers", f" layers: {shown}")
        notes = (f" note: {note}" for note in self.notes[:MOST_SHOWN])
        return "\n".join(fill(terminal(line), 80, subsequent_indent="   ") for line in (*lines, *notes)) + ">"

    def _repr_html_(self) -> str:
        """For notebooks; the names of networks and layers are escaped."""
        return "<pre>{}</pre>".format("\n".join(map(html, repr(self).splitlines())))

    def __post_init__(self, inferred: Kinds | None) -> None:
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
        if inferred is not None:
            self.__dict__["_kinds"] = inferred  # where a cached property keeps its value
        # Infers every type, so that a graph that exists is one whose layers fit together.
        _ = self._kinds

    @property
    def output(self) -> str:
        """The name of the node that answers."""
        return self.nodes[-1].name

    @property
    def is_stream(self) -> bool:
        """Whether the graph runs frame by frame."""
        return self.clip is not None

    @property
    def missing(self) -> tuple[str, ...]:
        """The layers of which nothing is known but their shape: all totals leave them out."""
        return tuple(node.name for node in self.nodes if node.op.is_hole)

    @property
    def types(self) -> Mapping[str, TensorType]:
        """The type of every edge by the name of the node it leaves."""
        return self._kinds.types

    @cached_property
    def windows(self) -> Mapping[str, Window]:
        """How every node looks through time, by name."""
        return self.map(lambda op, inputs: op.window(*inputs))

    @cached_property
    def skips(self) -> Mapping[str, tuple[Size, ...]]:
        """How many frames every node leaves out ahead of each of its inputs, by name."""
        return self.map(lambda op, inputs: op.skips(*inputs))

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

    def map(self, fact: Callable[[Op, tuple[TensorType, ...]], Value]) -> dict[str, Value]:
        """A fact of every node by name; computed once for nodes of equal op and input types."""
        values = [fact(op, inputs) for op, inputs in self._kinds.examples]
        return {name: values[kind] for name, kind in self._kinds.of.items()}

    @cached_property
    def _kinds(self) -> Kinds:
        kinds = Kinds({INPUT: self.source})
        for node in self.nodes:
            try:
                kinds.add(node)
            except CostModelError as error:
                # Of the same class: who tries sizes catches a ShapeError and nothing else.
                raise type(error)(f"{node.name}: {error}") from error
        return kinds

    def networkx(self) -> networkx.DiGraph[str]:
        """The graph as a networkx DiGraph.

        Nodes carry `op`, `type`, `params` and `macs` for one output; edges the type that flows along them.
        """
        import networkx as nx

        params = self.map(lambda op, inputs: params_of(op.weights(*inputs)))
        macs = self.map(lambda op, inputs: macs_of(op.work(*inputs)))
        graph: nx.DiGraph[str] = nx.DiGraph(name=self.name)
        graph.add_node(INPUT, op=INPUT, type=str(self.source), params=0, macs=0)
        for node in self.nodes:
            name = node.name
            figures = {"params": params[name], "macs": macs[name]}
            graph.add_node(name, op=type(node.op).__name__, type=str(self.types[name]), **figures)
            for source in node.inputs:
                graph.add_edge(source, name, type=str(self.types[source]))
        return graph


class Kinds:
    """The types of all edges, and the nodes sorted into kinds: equal op, equal input types."""

    def __init__(self, types: dict[str, TensorType]) -> None:
        self.types = types
        self.of: dict[str, int] = {}
        self.examples: list[tuple[Op, tuple[TensorType, ...]]] = []
        self._outputs: list[TensorType] = []
        self._known: dict[Hashable, int] = {}

    def add(self, node: Node) -> None:
        """Adds a node behind all that it reads.

        Raises:
            CostModelError: its op cannot take its inputs.
        """
        inputs = tuple([self.types[name] for name in node.inputs])
        # A deep network repeats few blocks: each fact is worked out once for all layers alike.
        key: Hashable = (node.op, inputs)
        try:
            kind = self._known.get(key)
        except TypeError:  # arrays have no hash
            key = (key_of(node.op), key_of(inputs))
            kind = self._known.get(key)
        if kind is None:
            output = infer(node.op, inputs)
            self._known[key] = kind = len(self.examples)
            self._outputs.append(output)
            self.examples.append((node.op, inputs))
        self.of[node.name] = kind
        self.types[node.name] = self._outputs[kind]
