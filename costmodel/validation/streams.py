"""Several streams in one batch: one that is reset alone starts anew, its neighbours go on unmoved."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.emit.state import StreamState
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph
from costmodel.validation.check import Check
from costmodel.validation.equality import plain_steps, share_of
from costmodel.validation.frames import frames_to_settle
from costmodel.validation.known import frames_until_reset, known
from costmodel.validation.maps import smallest
from costmodel.validation.rounding import Rounding
from costmodel.validation.running import running

RESET, NEIGHBOURS = 1, [0, 2]  # of four streams, the last of which is NaN to its end
OF_STREAMS = [0, 1, 1]  # the clips of the others

Answers = dict[int, tuple[Tensor, list[bool]]]


@torch.no_grad()
def check_streams(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """A batch of four streams: two break, of which one is reset alone in the middle of a cycle and goes on.

    What the others answer, and that one behind its reset, is what the clip network does.
    """
    graph = smallest(graph)
    network = running(graph, seed)
    assert isinstance(network, StreamNetwork)
    cycle, after = network.cycle, frames_to_settle(Figures(graph))
    clips, expected = known(graph, seed)
    reset_at, starts_at = frames_until_reset(cycle), clips.shape[2] - after
    rounding = Rounding(graph, network.layers, clips)
    clip = torch.cat((clips[OF_STREAMS], torch.full_like(clips[:1], torch.nan)))
    clip[RESET, :, :reset_at] = torch.nan
    # What comes while it waits is not of the stream that begins behind it.
    clip[RESET, :, reset_at:starts_at] = clips[0, :, :1]
    # Its frames are those of a neighbour, which got each of them at another step.
    clip[RESET, :, starts_at:] = clips[OF_STREAMS[RESET], :, :after]
    found = _answers(network, clip, reset_at)
    expected = expected[OF_STREAMS]
    answers = [output[NEIGHBOURS] for output, _ in found.values()]
    share = share_of(graph, answers, expected[NEIGHBOURS], starts_at + after)
    note = f"{len(answers)} answers of 2 streams, nothing recorded, beside one of NaN and one that is reset"
    yield rounding.check("answers_equal_the_clip_network", share, graph.output, note)
    # As new as the whole batch was at its first step.
    due = {step + starts_at for step in found if step < after}
    own = {
        step: output[[RESET]] for step, (output, valid) in found.items() if valid[RESET] and step >= reset_at
    }
    note = f"{len(own)} marked valid of a stream reset at step {reset_at}, from its start at {starts_at} on"
    agreeing = due & own.keys()
    yield Check("valid_answers_after_a_reset", len(due), len(agreeing), due == own.keys(), note)
    share = share_of(graph, list(own.values()), expected[[RESET]], after)
    note = "beside what the clip network answers to its frames"
    yield rounding.check("a_stream_reset_alone", share, graph.output, note)


def _answers(network: StreamNetwork, clip: Tensor, reset_at: int) -> Answers:
    """Answers by step, and to which streams they belong."""
    network.reset()
    found: Answers = {}
    for first, part in ((0, clip[:, :, :reset_at]), (reset_at, clip[:, :, reset_at:])):
        if first:
            # Of a stream that breaks nothing may be left, whatever it had come to hold by then.
            network.set_state(_broken(network.get_state()))
            network.reset([RESET])
        for step, output in plain_steps(network, part):
            found[first + step] = output, network.valid.tolist()
    return found


def _broken(state: StreamState) -> StreamState:
    """The state with NaN for each number that is kept of the stream that is reset."""
    return state.map(lambda kept: kept.index_fill(0, torch.tensor([RESET]), torch.nan))
