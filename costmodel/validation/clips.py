"""A clip network as it runs when nobody looks inside, beside its layers run one by one."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from costmodel.emit.network import ClipNetwork
from costmodel.graph import Graph
from costmodel.validation.check import Check, difference, within
from costmodel.validation.maps import cut_down, small
from costmodel.validation.running import frames_of, running, shown


@torch.no_grad()
def check_clip(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """Answers that may overwrite what was read, beside those of a network that overwrites nothing."""
    graph = small(graph)
    network = running(graph, seed)
    assert isinstance(network, ClipNetwork)
    clip = frames_of(graph, 2, int(graph.source.time), seed)
    # The recorded run overwrites nothing, the other one what it may; the clip itself belongs to the caller.
    given = clip.clone()
    note = f"2 clips, input {graph.source}{cut_down(graph)}"
    found = from_layers_one_by_one(network, given)
    yield within("answers_equal_the_layers_run_one_by_one", found, note)
    yield within("clip_is_left_as_it_was", difference(given, clip))


@torch.no_grad()
def from_layers_one_by_one(network: ClipNetwork, clip: Tensor) -> float:
    """How far the answer to a clip is from that of the network while it overwrites nothing."""
    kept = list[Tensor]()

    def see(name: str, step: int, output: Tensor) -> None:
        if name == network.graph.output:
            kept.append(output.clone())

    with shown(network, see):  # a network that is watched overwrites nothing
        network(clip.clone())
    return difference(network(clip).reshape(kept[0].shape), kept[0])
