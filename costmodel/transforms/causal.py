"""The causal transform: no layer looks at frames to come (Bai 2018, sec. 3.2; Hedegaard 2022, sec. 3.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from costmodel.analysis.reach import head_pools
from costmodel.errors import TransformError
from costmodel.graph import Graph, Node
from costmodel.ops import Op
from costmodel.transforms.base import Carries, Transform, option
from costmodel.transforms.continual import HeadPool


@dataclass(frozen=True)
class Causal(Transform):
    """A clip network whose every output is aligned with the newest frame that it sees.

    All d(k - 1) frames of padding of a window stand ahead of it, also where the network had fewer; so each
    layer gives ceil(frames / stride) frames, output j answering at input frame j * stride. The pool over the
    whole clip, which has no padding, counts as aligned with its newest frame.

    The weights keep their names and shapes, but windows have moved: a first value to train from.

    Args:
        head_pool: how a stream pools where the clip network pools its whole clip: over a window of as many
            frames, the newest one last, or over all frames so far.
    """

    word: ClassVar[str] = "causal"
    about: ClassVar[str] = "Let no layer look at frames to come: all padding in time stands ahead."

    head_pool: HeadPool = option(
        "window",
        "What the pool over the whole clip pools: as many of the last frames, or all so far.",
        choices=("window", "cumulative"),
    )

    @property
    def carries(self) -> Carries:
        """A first value: the windows have moved."""
        return "initial"

    def __call__(self, graph: Graph) -> Graph:
        """The network with all padding in time ahead.

        Raises:
            TransformError: a layer needs frames to come.
        """
        # The first pools alone: behind one a clip has a single frame, and there is nothing to pool so far.
        heads = _first_pools(graph) if self.head_pool == "cumulative" else frozenset()
        if self.head_pool == "cumulative" and not heads:
            raise TransformError(f"--head-pool: {graph.name} has no pool over the whole clip")
        nodes = tuple(replace(node, op=_causal(graph, node, node.name in heads)) for node in graph.nodes)
        # Whoever compares figures must see that this is no longer the network of the spec.
        note = "causal: padding in time stands ahead of the clip, and no layer looks at frames to come"
        return replace(graph, nodes=nodes, notes=(*graph.notes, note))


def _first_pools(graph: Graph) -> frozenset[str]:
    """The pools over the whole clip that do not read what another has pooled."""
    heads, pooled, first = head_pools(graph), set[str](), set[str]()
    for node in graph.nodes:
        is_behind = any(name in pooled for name in node.inputs)
        if node.name in heads and not is_behind:
            first.add(node.name)
        if node.name in heads or is_behind:
            pooled.add(node.name)
    return frozenset(first)


def _causal(graph: Graph, node: Node, cumulates: bool) -> Op:
    try:
        if cumulates and not node.op.is_cumulative:
            return node.op.cumulative()
        return node.op.made_causal(*graph.inputs_of(node))
    except TransformError as error:
        raise TransformError(f"{node.name}: {error}") from error
