"""A stream beside its clip network as it is, on the clip that is its own, wherever the two must be equal."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import torch

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.emit.build import emit
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph
from costmodel.validation.check import Check, difference, within
from costmodel.validation.long_clip import LongClip
from costmodel.validation.maps import small
from costmodel.validation.running import frames_of, running
from costmodel.validation.undrawn import Undrawn


@torch.no_grad()
def check_own_clip(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """Where no window is padded in time, a stream's first answer beside the network's to its clip."""
    graph = small(graph)
    network, figures = running(graph, seed), Figures(graph)
    assert isinstance(network, StreamNetwork)
    assert graph.clip is not None
    long, frames = LongClip(graph, network.layers), int(graph.clip.source.time)
    is_inside = evaluate(figures, "padding") <= 0 and evaluate(figures, "delay") < frames
    as_many = all(each.frames == long.lengths.arriving(name) for name, each in long.covered.items())
    is_one = int(graph.clip.types[graph.output].time) == 1
    if not (is_inside and as_many and is_one):  # the clip network sees the ends of its clip
        return
    with Undrawn():
        own = emit(graph.clip)
    own.load_state_dict(network.state_dict(), assign=True)
    own.double().eval()
    clip = frames_of(graph, 1, frames, seed)
    answers = (network.forward_step(frame) for frame in clip.unbind(2))
    answer = next((each for each in answers if each is not None), None)
    expected = own(clip)
    share = inf if answer is None else difference(answer.reshape(expected.shape), expected)
    note = f"{frames} frames, none padded in time"
    yield within("answer_equals_the_clip_network_to_its_own_clip", share, note)
