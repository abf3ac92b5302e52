"""Our network as it grows: every layer is added here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import fx

from costmodel.errors import CostModelError
from costmodel.graph import INPUT, Graph, Node
from costmodel.importers.constants import Constants
from costmodel.importers.layout import Dims
from costmodel.importers.learned import Learned, Weights
from costmodel.importers.naming import Names
from costmodel.importers.refusal import Refusal
from costmodel.importers.value import Constant, Value, full_box
from costmodel.ops import Op, infer
from costmodel.types import TensorType


@dataclass
class Builder:
    """The layers so far.

    Args:
        source: the type of the input.
        batch: how many clips the exported program takes.
        constants: what it works out without its input.
    """

    source: TensorType
    batch: int
    constants: Constants
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
        called: str = "",
    ) -> str:
        """Adds a layer.

        Args:
            call: the node that it stands for.
            op: the layer.
            edges: what it reads.
            weights: its tensors, by our names of them.
            again: whether an equal layer that was made before serves, as in a loop over frames.
            is_own: whether it is what the module itself does, not what it needs ahead of it.
            called: its name within the module, where the word of the layer says too little.

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
        name = self.names.of(call, called or type(op).word, is_own=is_own)
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


def _source(learned: Learned) -> object:
    return learned.source.node if isinstance(learned.source, Constant) else learned.source
