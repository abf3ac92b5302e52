"""The output transform: a layer of the network answers in the classifier's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from costmodel.edit import Editor
from costmodel.errors import TransformError, nearest
from costmodel.graph import Graph
from costmodel.numbers import is_exact
from costmodel.ops import AvgPool
from costmodel.transforms.base import Transform, option
from costmodel.transforms.head import kept

if TYPE_CHECKING:
    from torch import Tensor

FRAME = "@frame"


@dataclass(frozen=True)
class Output(Transform):
    """A network up to one of its layers: the maps that a detector of one's own reads, or a vector a frame.

    Args:
        output: a layer, or a block for its last layer; `LAYER@frame` averages each frame's map over its
            places, which gives a vector for each frame.
    """

    word: ClassVar[str] = "output"
    about: ClassVar[str] = "Let a layer answer, and leave out what it does not need."

    output: str = option("", "LAYER for its maps, LAYER@frame for the mean of each frame's map.")

    def __call__(self, graph: Graph) -> Graph:
        """The network up to the layer.

        Raises:
            TransformError: there is no such layer.
        """
        name = self._layer(graph)
        editor = Editor(graph)
        editor.answer(name)
        x = graph.types[name]
        # Nothing to average where each frame is one place already.
        if self.output.endswith(FRAME) and not (is_exact(x.positions) and x.positions == x.time):
            editor.insert_after(name, AvgPool(kernel=(1, None, None)), f"{name}.frame", 1)
        return editor.graph()

    def weights(self, before: Graph, after: Graph, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The weights of the layers that are left."""
        return kept(after, tensors)

    def _layer(self, graph: Graph) -> str:
        """The name of the layer, or of the last one of the block, that is asked for."""
        wanted = self.output.removesuffix(FRAME)
        if wanted in graph.by_name:
            return wanted
        inside = [node.name for node in graph.nodes if node.name.startswith(f"{wanted}.")]
        if not inside:
            blocks = {name.rpartition(".")[0] for name in graph.by_name} - {""}
            known = [*graph.by_name, *blocks]
            hint = nearest(wanted, known, listed="analyze lists them")
            raise TransformError(f"--output: {wanted!r}, expected a layer{hint}")
        return inside[-1]
