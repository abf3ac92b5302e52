"""Clips that have numbers of frames of their own: each costs what its number costs, among others as alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.edit import Editor
from costmodel.emit.counting import executed_macs
from costmodel.emit.modules.sampling import SgsLayer
from costmodel.emit.network import ClipNetwork
from costmodel.graph import Graph
from costmodel.validation.check import Check, difference, equal, within
from costmodel.validation.maps import small
from costmodel.validation.running import frames_of, running

CLIPS = 4


@torch.no_grad()
def check_sampling(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """Of a network with a sampler, multiply-adds at each clip's own number of frames; of others nothing."""
    samplers = [node.name for node in graph.nodes if node.op.is_adaptive]
    if not samplers:
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
    if len(samplers) > 1 or getattr(graph.by_name[samplers[0]].op, "block", False):
        return
    numbers = _frames_behind(network, samplers[0], clips)
    predicted = [_macs_at(graph, samplers[0], number) for number in numbers]
    measured = [executed_macs(lambda one=clip: network(one.unsqueeze(0))) for clip in clips]  # type: ignore[misc]
    yield equal("macs_of_each_clip", predicted, measured, f"at {', '.join(map(str, numbers))} active bins")


def _frames_behind(network: ClipNetwork, name: str, clips: torch.Tensor) -> list[int]:
    """The frames that each clip has behind a sampler, of what the recorded run gave it."""
    layer = network.layers[name]
    assert isinstance(layer, SgsLayer)
    with network.recording() as record:
        network(clips)
    ((_, read),) = record[network.graph.by_name[name].inputs[0]]
    return layer.grouped(read).frames


def _macs_at(graph: Graph, name: str, active: int) -> int:
    editor = Editor(graph)
    editor.replace(name, replace(graph.by_name[name].op, active=active))  # type: ignore[call-arg]
    return int(str(evaluate(Figures(editor.graph()), "macs_per_clip")))
