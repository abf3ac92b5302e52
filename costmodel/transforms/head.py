"""The head transform: the classifier's layers taken off, so that features are the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from costmodel.analysis.head import head_of
from costmodel.edit import Editor
from costmodel.errors import GraphError, TransformError
from costmodel.graph import INPUT, Graph
from costmodel.transforms.base import Transform, option

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Head(Transform):
    """A network that answers what its head reads, such as the features of each frame of a D-ResNet.

    Pools over the answers of a classifier stay, and pool features then.

    Args:
        head: what stands in the head's place: `features`, nothing.
    """

    word: ClassVar[str] = "head"
    about: ClassVar[str] = "Let features answer in the place of the classifier."

    head: Literal["features"] = option(
        "features", "The features that the head reads answer.", choices=("features",)
    )

    def __call__(self, graph: Graph) -> Graph:
        """The network without the layers of its head.

        Raises:
            TransformError: it has no classifier, or is a classifier alone.
        """
        editor = Editor(graph)
        try:
            head = head_of(graph)
        except GraphError as error:
            raise TransformError(f"--head: {error}; name a layer with --output") from error
        if graph.by_name[head[0]].inputs == (INPUT,):
            raise TransformError(f"--head: {graph.name} is a classifier alone, nothing stands ahead of it")
        # From the last back, so that each layer is the one that answers when its turn comes.
        for name in reversed(head):
            if name == list(editor)[-1].name:
                editor.answer(editor.node(name).inputs[0])
            else:
                editor.bypass(name)
        return editor.graph()

    def weights(self, before: Graph, after: Graph, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The weights but those of the head."""
        return kept(after, tensors)


def kept(graph: Graph, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of the layers that a network still has."""
    return {name: value for name, value in tensors.items() if name.rpartition(".")[0] in graph.by_name}
