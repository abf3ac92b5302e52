"""Other ways than similarity to choose the frames behind a stage, for comparison; none of them learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor

from costmodel.edit import Editor
from costmodel.emit.modules.sampling import SgsLayer
from costmodel.graph import Graph, Node
from costmodel.ops import Add, Attention, BatchNorm, Conv


class RandomEmbeddings(SgsLayer):
    """Bins of embeddings that are drawn at random: what binning alone saves, whatever the frames show."""

    def embedded(self, clip: Tensor) -> Tensor:
        """Places in the space of similarity that say nothing of the frames."""
        return clip.new_empty(len(clip), clip.shape[2], int(self.op.dimension)).normal_()


class EvenFrames(SgsLayer):
    """Every second frame, or as many as the network hands on, evenly spaced."""

    def weights_of(self, clip: Tensor) -> Tensor:
        """Weights that hand on the same places of every clip."""
        frames, kept = clip.shape[2], int(cast(int, self.op.active))
        places = torch.arange(kept, device=clip.device) * frames // kept
        return _chosen(clip, places.expand(len(clip), -1))


class RandomFrames(SgsLayer):
    """As many frames as the network hands on, drawn for each clip anew, in their order."""

    def weights_of(self, clip: Tensor) -> Tensor:
        """Weights that hand on places drawn anew."""
        frames, kept = clip.shape[2], int(cast(int, self.op.active))
        drawn = torch.rand(len(clip), frames, device=clip.device).argsort(1)[:, :kept]
        return _chosen(clip, drawn.sort(1).values)


OTHERS: Mapping[str, type[SgsLayer]] = {
    "embeddings": RandomEmbeddings,
    "uniform": EvenFrames,
    "random": RandomFrames,
}


def attending(plain: Graph, sampled: Graph) -> Graph:
    """The plain network with attention over time in the place of the sampler of a sampled one, and a sum.

    Keys, queries and values have half of the channels  (Wang 2018, sec. 3.3); the module that the paper
    compares with is not published.
    """
    (sampler,) = (node for node in sampled.nodes if node.op.word == "sgs")
    (source,) = sampler.inputs
    (reader,) = (node for node in sampled.nodes if sampler.name in node.inputs)
    channels = sampled.types[source].channels
    name = Editor(plain).fresh(f"{source}_attention")
    parts = [Node(f"{name}_{part}", Conv(channels=channels // 2), (source,)) for part in ("q", "k", "v")]
    added = (
        *parts,
        Node(name, Attention(over="time"), tuple(part.name for part in parts)),
        Node(f"{name}_out", Conv(channels=channels), (name,)),
        Node(f"{name}_bn", BatchNorm(), (f"{name}_out",)),
        Node(f"{name}_sum", Add(), (source, f"{name}_bn")),
    )
    nodes: list[Node] = []
    for node in plain.nodes:
        if node.name == reader.name:
            inputs = tuple(f"{name}_sum" if each == source else each for each in node.inputs)
            nodes += [*added, replace(node, inputs=inputs)]
        else:
            nodes.append(node)
    return replace(plain, nodes=tuple(nodes))


def _chosen(clip: Tensor, places: Tensor) -> Tensor:
    """Weights that hand on the frames at these places (clips, kept)."""
    weights = clip.new_zeros(len(clip), places.shape[1], clip.shape[2])
    return weights.scatter_(2, places.unsqueeze(2), 1.0).unsqueeze(1)
