"""Several streams in one batch: one that is reset alone starts anew, its neighbours go on unmoved."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from costmodel.analysis.temporal import timing
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph
from costmodel.numbers import ceil_div
from costmodel.validation.check import Check, difference
from costmodel.validation.maps import smallest
from costmodel.validation.rounding import Rounding
from costmodel.validation.running import frames_of, running

Answers = dict[int, tuple[Tensor, list[bool]]]


@torch.no_grad()
def check_streams(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """A batch of three streams: the second breaks, is reset alone in the middle of a cycle, and goes on."""
    graph = smallest(graph)
    network = running(graph, seed)
    assert isinstance(network, StreamNetwork)
    end = timing(graph)[graph.output]
    cycle, delay = network.cycle, max(int(end.delay), 0)
    after = delay + 2 * cycle + 2
    # In the middle of a cycle, where the new stream must wait for the next one to begin.
    reset_at = delay + cycle + cycle // 2
    starts_at = ceil_div(reset_at, cycle) * cycle
    clip = frames_of(graph, 3, starts_at + after, seed)
    # All that is expected at once: what the second answers from its new start on stands in the middle.
    anew = clip.clone()
    anew[1, :, : clip.shape[2] - starts_at] = clip[1, :, starts_at:]
    expected = _answers(network, anew)
    alone = {step: output[1:2] for step, (output, _) in expected.items() if step < clip.shape[2] - starts_at}
    # A stream that breaks ahead of its reset: NaN would show in a neighbour, and after the reset.
    rounding = Rounding(graph, network.layers, clip.clone())
    clip[1, :, :reset_at] = torch.nan
    together = _answers(network, clip, reset_at)
    yield rounding.check(
        "neighbours_of_a_reset_stream",
        max(difference(together[step][0][[0, 2]], output[[0, 2]]) for step, (output, _) in expected.items()),
        graph.output,
        f"{len(expected)} answers of 2 streams beside one of NaN until its reset at step {reset_at}",
    )
    own = {
        step - starts_at: output[1:2]
        for step, (output, valid) in together.items()
        if valid[1] and step >= reset_at
    }
    agreeing = alone.keys() & own.keys()
    note = f"{len(own)} marked valid, from its start with the cycle at step {starts_at} on"
    yield Check("valid_answers_after_a_reset", len(alone), len(agreeing), alone.keys() == own.keys(), note)
    yield rounding.check(
        "a_stream_reset_alone",
        max((difference(own[step], alone[step]) for step in agreeing), default=0.0),
        graph.output,
        "beside the same frames given to a new network",
    )


def _answers(network: StreamNetwork, clip: Tensor, reset_at: int | None = None) -> Answers:
    """Answers by step, and to which streams they belong."""
    network.reset()
    found: Answers = {}
    for step, frame in enumerate(clip.unbind(2)):
        if step == reset_at:
            network.reset([1])
        output = network.forward_step(frame)
        if output is not None:
            found[step] = output, network.valid.tolist()
    return found
