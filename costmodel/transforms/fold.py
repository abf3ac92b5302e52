"""Batch norms folded into the convolutions and linear layers ahead of them, as inference runs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from costmodel.graph import Graph, Node
from costmodel.ops import BatchNorm, Conv, Linear, Op, Step
from costmodel.transforms.base import Transform

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Fold(Transform):
    """A network without the batch norms that are the only reader of a convolution or linear layer.

    Such a layer takes over the scale in its weights and the shift in its bias; it keeps its name. In `eval`
    mode the answers are the same, up to rounding.
    """

    word: ClassVar[str] = "fold"
    about: ClassVar[str] = "Fold batch norms into the layers ahead of them, as inference runs them."
    needs: ClassVar[Literal["clip", "stream", "any"]] = "any"
    has_no: ClassVar[bool] = True

    def __call__(self, graph: Graph) -> Graph:
        """The graph without the norms that can be folded; of a stream its clip network as well."""
        norms = folded_norms(graph)
        taking_over = frozenset(norms.values())
        nodes = tuple(
            replace(
                node,
                op=_with_bias(node.op) if node.name in taking_over else node.op,
                inputs=tuple(norms.get(name, name) for name in node.inputs),
            )
            for node in graph.nodes
            if node.name not in norms
        )
        return replace(graph, nodes=nodes, clip=None if graph.clip is None else self(graph.clip))

    def weights(self, before: Graph, after: Graph, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The weights with each norm in the layer ahead of it.

        w' = w * s and b' = (b - mean) * s + shift, where s = scale / sqrt(variance + eps)  (Jacob 2018,
        eq. 14, its bias worked out).
        """
        norms = folded_norms(before)
        folded = dict(tensors)
        for norm, layer in norms.items():
            op = before.by_name[norm].op
            assert isinstance(op, BatchNorm)
            folded |= _folded(tensors, norm, layer, float(op.eps))
        return {name: value for name, value in folded.items() if name.rpartition(".")[0] not in norms}


def _folded(tensors: Mapping[str, Tensor], norm: str, layer: str, eps: float) -> dict[str, Tensor]:
    weight, mean = tensors[f"{layer}.weight"], tensors[f"{norm}.running_mean"]
    scale = tensors[f"{norm}.weight"] / (tensors[f"{norm}.running_var"] + eps).sqrt()
    bias = tensors.get(f"{layer}.bias", mean.new_zeros(()))
    return {
        f"{layer}.weight": weight * scale.view(-1, *(1,) * (weight.dim() - 1)),
        f"{layer}.bias": (bias - mean) * scale + tensors[f"{norm}.bias"],
    }


def folded_norms(graph: Graph) -> dict[str, str]:
    """The batch norms that can be folded, each with the layer that it goes into."""
    return {
        node.name: node.inputs[0]
        for node in graph.nodes
        if isinstance(node.op, BatchNorm) and _takes_over(graph, graph.by_name.get(node.inputs[0]))
    }


def _with_bias(op: Op) -> Op:
    """A convolution or linear layer, or its frame-by-frame form, with a bias."""
    if isinstance(op, Step):
        return replace(op, inner=_with_bias(op.inner))
    assert isinstance(op, Conv | Linear)
    return replace(op, bias=True)


def _takes_over(graph: Graph, node: Node | None) -> bool:
    if node is None or len(graph.consumers[node.name]) > 1:
        return False
    op = node.op.inner if isinstance(node.op, Step) else node.op
    return isinstance(op, Conv | Linear)
