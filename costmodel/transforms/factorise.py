"""The factorise transform: convolutions over space and time in two, (2+1)D (Tran 2018, sec. 3.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from costmodel.edit import Editor
from costmodel.errors import TransformError
from costmodel.graph import Graph, Node
from costmodel.numbers import Size, is_exact, maximum
from costmodel.ops import BatchNorm, Conv, Relu
from costmodel.transforms.base import Carries, Transform
from costmodel.types import TensorType


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
        found = [node for node in graph.nodes if _is_over_both(node)]
        if not found:
            raise TransformError(
                f"--factorise: {graph.name} has no convolution over both space and time, expected one, such "
                "as one with a kernel of [3, 3, 3]"
            )
        for node in found:
            _factorise(editor, graph, node)
        return editor.graph(notes=(*graph.notes, "factorised: (2+1)D convolutions (Tran 2018)"))


def _is_over_both(node: Node) -> bool:
    if not isinstance(node.op, Conv):
        return False
    if not all(is_exact(size) for size in node.op.kernel):
        raise TransformError(f"{node.name}: its kernel is no number, give its sizes values")
    time, height, width = node.op.kernel
    return time > 1 and max(height, width) > 1


def _factorise(editor: Editor, graph: Graph, node: Node) -> None:
    conv = node.op
    assert isinstance(conv, Conv)
    (x,) = graph.inputs_of(node)
    padding = (None, None, None) if conv.padding is None else conv.padding
    space = replace(
        conv,
        channels=_middle(conv, x),
        kernel=(1, *conv.kernel[1:]),
        stride=(1, *conv.stride[1:]),
        dilation=(1, *conv.dilation[1:]),
        padding=None if conv.padding is None else (0, *conv.padding[1:]),
        bias=False,
        causal=False,
    )
    time = replace(
        conv,
        kernel=(conv.kernel[0], 1, 1),
        stride=(conv.stride[0], 1, 1),
        dilation=(conv.dilation[0], 1, 1),
        padding=None if padding[0] is None else (padding[0], 0, 0),
    )
    editor.insert_before(node.name, 0, space, f"{node.name}_space")
    editor.insert_before(node.name, 0, BatchNorm(), f"{node.name}_norm")
    editor.insert_before(node.name, 0, Relu(), f"{node.name}_relu")
    editor.replace(node.name, time)


def _middle(conv: Conv, x: TensorType) -> Size:
    """Channels between the two: as many as make their weights those of the one, or a few less."""
    frames, height, width = conv.kernel
    places = height * width
    wanted = frames * places * x.channels * conv.channels // (places * x.channels + frames * conv.channels)
    return maximum(wanted // conv.groups, 1) * conv.groups
