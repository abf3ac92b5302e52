"""Clips that have numbers of frames of their own: each costs what its number costs, among others as alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch

from costmodel.analysis.active_bins import macs_of_clips, samplers
from costmodel.emit.counting import executed_macs
from costmodel.emit.network import ClipNetwork
from costmodel.graph import Graph
from costmodel.validation.check import Check, difference, equal, within
from costmodel.validation.convolutions import of_torch
from costmodel.validation.maps import small
from costmodel.validation.running import frames_of, running

CLIPS = 4


@torch.no_grad()
def check_sampling(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """Of a network with a sampler, multiply-adds at each clip's own number of frames; of others nothing."""
    if not samplers(graph):
        return
    graph = small(graph)
    network = running(graph, seed)
    assert isinstance(network, ClipNetwork)
    clips = frames_of(graph, CLIPS, int(graph.source.time), seed)
    # One clip stands still, and others for a while, so that they have unequal numbers.
    for number, clip in enumerate(clips[1:], start=1):
        clip[:, (number - 1) * clip.shape[1] // CLIPS :] = clip[:, -1:].clone()
    alone = torch.cat([network(clip.unsqueeze(0)) for clip in clips])
    yield within("answers_are_those_of_each_clip_alone", difference(network(clips), alone), f"{CLIPS} clips")
    with network.active_bins() as numbers:
        network(clips)
    each = [dict(zip(numbers, row, strict=True)) for row in zip(*numbers.values(), strict=True)]
    predicted = [int(str(macs_of_clips(graph, row))) for row in each]
    with of_torch():
        measured = [executed_macs(partial(network, clip.unsqueeze(0))) for clip in clips]
    told = ", ".join("+".join(map(str, row.values())) for row in each)
    yield equal("macs_of_each_clip", predicted, measured, f"at {told} active bins")
