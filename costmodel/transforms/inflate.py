"""The inflate transform: an image network as one of clips (Carreira 2017, sec. 2.4; Kopuklu 2019, sec. 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from costmodel.errors import ShapeError, TransformError
from costmodel.graph import Graph, Node
from costmodel.transforms.base import Carries, Transform
from costmodel.transforms.paths import behind_a_convolution, is_over_frames

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Inflate(Transform):
    """A 2D network in 3D: kernels, strides and padding of its height in time as well.

    The first convolution keeps a stride of 1 in time, as 3D-ResNets and the resource efficient 3D networks
    have it. The weights of an image network are repeated over the kernel's frames and divided by their
    number, so a still video is answered as its image is, away from the zeros at a clip's ends.
    """

    word: ClassVar[str] = "inflate"
    about: ClassVar[str] = "Inflate a 2D network to 3D: kernels and strides in time as in space."

    @property
    def carries(self) -> Carries:
        """A first value: of a video that moves the image network says nothing."""
        return "initial"

    def __call__(self, graph: Graph) -> Graph:
        """The network in 3D.

        Raises:
            TransformError: it is 3D already, or no convolution of it slides over the map.
        """
        for node in graph.nodes:
            if is_over_frames(graph, node):
                raise TransformError(
                    f"--inflate: {node.name} sees several frames already, expected a 2D network"
                )
        behind = behind_a_convolution(graph)
        nodes = tuple(replace(node, op=node.op.inflated(strides=node.name in behind)) for node in graph.nodes)
        if not any(_is_inflated(before, after) for before, after in zip(graph.nodes, nodes, strict=True)):
            raise TransformError(
                f"--inflate: {graph.name} has no convolution over several rows, expected one whose to take"
            )
        note = "inflated to 3D: kernels, strides and padding in time are those of the height"
        try:
            return replace(graph, nodes=nodes, notes=(*graph.notes, note))
        except ShapeError as error:
            raise TransformError(f"--inflate: {error}; give the clip more frames") from error

    def weights(self, before: Graph, after: Graph, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Each kernel's weights for every frame that it sees, divided by their number."""
        found = dict(tensors)
        for node in before.nodes:
            name = f"{node.name}.weight"
            if node.op.is_convolution and name in found:
                taps = int(after.by_name[node.name].op.kernel_on(*after.inputs_of(node))[0])
                shape = (*found[name].shape[:2], taps, *found[name].shape[3:])
                found[name] = (found[name] / taps).expand(shape).contiguous() if taps > 1 else found[name]
        return found


def _is_inflated(before: Node, after: Node) -> bool:
    return before.op.is_convolution and before.op != after.op
