"""The factorise transform: convolutions over space and time in two, (2+1)D (Tran 2018, sec. 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from costmodel.edit import Editor
from costmodel.errors import TransformError
from costmodel.graph import Graph, Node
from costmodel.numbers import is_exact
from costmodel.ops import BatchNorm, Relu
from costmodel.transforms.base import Carries, Transform


@dataclass(frozen=True)
class Factorise(Transform):
    """A network whose t x d x d convolutions are a 1 x d x d and a t x 1 x 1, a norm and a ReLU between.

    The first has M = floor(t d^2 N' N / (d^2 N' + t N)) channels, N' in and N out, with which both together
    have as many weights as the one, at most  (Tran 2018, sec. 3.5). Of groups it has the largest multiple of
    their number that is no more. Strides, dilation and padding stay with their axes.
    """

    word: ClassVar[str] = "factorise"
    about: ClassVar[str] = "Factorise convolutions over space and time into one over each, (2+1)D."

    @property
    def carries(self) -> Carries:
        """None: a ReLU stands between the two, and no weights of theirs compute what the one did."""
        return "none"

    def __call__(self, graph: Graph) -> Graph:
        """The network with each such convolution in two; the second keeps the name.

        Raises:
            TransformError: no convolution of it slides over both space and time.
        """
        editor = Editor(graph)
        found = [node for node in graph.nodes if _factorise(editor, graph, node)]
        if not found:
            raise TransformError(
                f"--factorise: {graph.name} has no convolution over both space and time, expected one, such "
                "as one with a kernel of [3, 3, 3]"
            )
        return editor.graph(notes=(*graph.notes, "factorised: (2+1)D convolutions (Tran 2018)"))


def _factorise(editor: Editor, graph: Graph, node: Node) -> bool:
    """Puts two convolutions in the place of one, if it slides over space and time."""
    inputs = graph.inputs_of(node)
    if node.op.is_convolution and not all(map(is_exact, node.op.kernel_on(*inputs))):
        raise TransformError(f"{node.name}: its kernel is no number, give its sizes values")
    parts = node.op.factorised(*inputs)
    if parts is None:
        return False
    space, time = parts
    # beside the name and not below it: what has weights of its own cannot hold other layers
    editor.insert_before(node.name, 0, space, f"{node.name}_space")
    editor.insert_before(node.name, 0, BatchNorm(), f"{node.name}_norm")
    editor.insert_before(node.name, 0, Relu(), f"{node.name}_relu")
    editor.replace(node.name, time)
    return True
