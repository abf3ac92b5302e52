"""The causal transform: no layer looks at frames to come (Bai 2018, sec. 3.2; Hedegaard 2022, sec. 3.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from costmodel.errors import TransformError
from costmodel.graph import Graph, Node
from costmodel.ops import Op
from costmodel.transforms.base import Carries, Transform, option


@dataclass(frozen=True)
class Causal(Transform):
    """A clip network whose every output is aligned with the newest frame that it sees.

    All d(k - 1) frames of padding of a window stand ahead of it, also where the network had fewer; so each
    layer gives ceil(frames / stride) frames, output j answering at input frame j * stride. The pool over the
    whole clip, which has no padding, counts as aligned with its newest frame.

    The weights keep their names and shapes, but windows have moved: a first value to train from.

    Args:
        head_pool: how a stream pools where the clip network pools its whole clip: over a window of as many
            frames, the newest one last.
    """

    word: ClassVar[str] = "causal"
    about: ClassVar[str] = "Let no layer look at frames to come: all padding in time stands ahead."
    carries: ClassVar[Carries] = "initial"

    head_pool: Literal["window"] = option(
        "window", "What the pool over the whole clip sees in a stream, with --causal.", choices=("window",)
    )

    def __call__(self, graph: Graph) -> Graph:
        """The network with all padding in time ahead.

        Raises:
            TransformError: a layer needs frames to come.
        """
        nodes = tuple(replace(node, op=_causal(graph, node)) for node in graph.nodes)
        # Whoever compares figures must see that this is no longer the network of the spec.
        note = "causal: padding in time stands ahead of the clip, and no layer looks at frames to come"
        return replace(graph, nodes=nodes, notes=(*graph.notes, note))


def _causal(graph: Graph, node: Node) -> Op:
    try:
        return node.op.made_causal(*graph.inputs_of(node))
    except TransformError as error:
        raise TransformError(f"{node.name}: {error}") from error
