"""Batch norms folded into the convolutions and linear layers ahead of them, as inference runs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from costmodel.edit import Editor
from costmodel.graph import Graph, Node
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
        editor = Editor(graph)
        for norm, layer in folded_norms(graph).items():
            with_bias = editor.node(layer).op.with_bias()
            assert with_bias is not None
            editor.replace(layer, with_bias)
            editor.bypass(norm)
        return editor.graph(clip=None if graph.clip is None else self(graph.clip))

    def weights(self, before: Graph, after: Graph, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The weights with each norm in the layer ahead of it.

        w' = w * s and b' = (b - mean) * s + shift, where s = scale / sqrt(variance + eps)  (Jacob 2018,
        eq. 14, its bias worked out).
        """
        norms = folded_norms(before)
        folded = dict(tensors)
        for norm, layer in norms.items():
            eps, groups = before.by_name[norm].op.norm_eps, before.by_name[layer].op.output_groups
            assert eps is not None
            folded |= _folded(tensors, norm, layer, float(eps), None if groups is None else int(groups))
        return {name: value for name, value in folded.items() if name.rpartition(".")[0] not in norms}


def _folded(
    tensors: Mapping[str, Tensor], norm: str, layer: str, eps: float, groups: int | None
) -> dict[str, Tensor]:
    weight, mean = tensors[f"{layer}.weight"], tensors[f"{norm}.running_mean"]
    scale = tensors[f"{norm}.weight"] / (tensors[f"{norm}.running_var"] + eps).sqrt()
    # In the norm's dtype and on its device.
    bias = tensors.get(f"{layer}.bias", mean.new_zeros(()))
    # Of a transposed convolution the rows are inputs, and each group of them has outputs of its own.
    shares = scale if groups is None else scale.view(groups, -1).repeat_interleave(len(weight) // groups, 0)
    return {
        f"{layer}.weight": weight * shares.view(*shares.shape, *(1,) * (weight.dim() - shares.dim())),
        f"{layer}.bias": (bias - mean) * scale + tensors[f"{norm}.bias"],
    }


def folded_norms(graph: Graph) -> dict[str, str]:
    """The batch norms that can be folded, each with the layer that it goes into."""
    return {
        node.name: node.inputs[0]
        for node in graph.nodes
        if node.op.norm_eps is not None and _takes_over(graph, graph.by_name.get(node.inputs[0]))
    }


def _takes_over(graph: Graph, node: Node | None) -> bool:
    # Another reader would find the layer's output scaled.
    return node is not None and len(graph.consumers[node.name]) == 1 and node.op.with_bias() is not None
