"""A clip network as it runs when nobody looks inside, beside its layers run one by one."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from costmodel.emit.network import ClipNetwork
from costmodel.graph import Graph
from costmodel.validation.check import Check, difference, within
from costmodel.validation.maps import small
from costmodel.validation.running import frames_of, running


@torch.no_grad()
def check_clip(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """Answers that may overwrite what was read, beside those of a network whose every output is kept."""
    graph = small(graph)
    network = running(graph, seed)
    assert isinstance(network, ClipNetwork)
    clip = frames_of(graph, 2, int(graph.source.time), seed)
    given = clip.clone()
    with network.recording() as record:
        network(clip)
    ((_, kept),) = record[graph.output]
    answer = network(given).reshape(kept.shape)
    note = f"2 clips, input {graph.source}"
    yield within("answers_equal_the_layers_run_one_by_one", difference(answer, kept), note)
    yield within("clip_is_left_as_it_was", difference(given, clip))
