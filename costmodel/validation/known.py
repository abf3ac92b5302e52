"""Clips on the smallest maps, and what the clip network answers to them: once for all checks of streams."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph
from costmodel.numbers import ceil_div
from costmodel.validation.equality import clip_and_outputs
from costmodel.validation.frames import frames_to_settle
from costmodel.validation.running import running

CLIPS = 2


class Known(NamedTuple):
    """Frames (batch, channels, time, height, width), and what the clip network answers to them."""

    clip: Tensor
    answers: Tensor


def frames_until_reset(cycle: int) -> int:
    """Frames until one of several streams is reset: in the middle of a cycle, where it waits for the next."""
    return cycle + cycle // 2


@lru_cache(maxsize=1)  # whoever has run the checks clears it
@torch.no_grad()
def known(graph: Graph, seed: int) -> Known:
    """Clips of as many frames as a stream needs that is reset, starts with the next cycle and settles."""
    network = running(graph, seed)
    assert isinstance(network, StreamNetwork)
    starts_at = ceil_div(frames_until_reset(network.cycle), network.cycle) * network.cycle
    frames = starts_at + frames_to_settle(Figures(graph))
    clip, outputs = clip_and_outputs(graph, network, frames, seed, kept={graph.output}, batch=CLIPS)
    return Known(clip, outputs[graph.output])
