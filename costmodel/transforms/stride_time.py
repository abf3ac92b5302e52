"""The stride-time transform: strides in time where there are strides in space (Kopuklu 2019, sec. 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from costmodel.errors import ShapeError, TransformError
from costmodel.graph import Graph
from costmodel.transforms.base import Carries, Transform
from costmodel.transforms.paths import behind_a_convolution


@dataclass(frozen=True)
class StrideTime(Transform):
    """A network that strides in time wherever it strides in space behind its first convolution.

    Its later layers then run on fewer frames, as those of 3D-ResNets and the resource efficient 3D networks
    do: a clip, and a stream in the mean over its frames, cost less. What strides in time already stays.
    """

    word: ClassVar[str] = "stride-time"
    about: ClassVar[str] = (
        "Stride in time wherever the network strides in space, but in its first convolution."
    )

    @property
    def carries(self) -> Carries:
        """A first value: later layers see frames that lie further apart."""
        return "initial"

    def __call__(self, graph: Graph) -> Graph:
        """The network with those strides.

        Raises:
            TransformError: nothing strides in space there, or the clip is too short.
        """
        behind = behind_a_convolution(graph)
        ops = {node.name: node.op.strided_in_time() for node in graph.nodes if node.name in behind}
        nodes = tuple(replace(node, op=ops.get(node.name, node.op)) for node in graph.nodes)
        if nodes == graph.nodes:
            raise TransformError(
                f"--stride-time: {graph.name} has no layer behind its first convolution that strides in "
                "space and not in time, expected one"
            )
        note = "strides in time as in space, but in the first convolution"
        try:
            return replace(graph, nodes=nodes, notes=(*graph.notes, note))
        except ShapeError as error:
            raise TransformError(f"--stride-time: {error}; give the clip more frames") from error
