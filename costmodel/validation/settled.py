"""One cycle of a stream in its steady state, or one chunk, whose numbers nobody looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from costmodel.emit.state import StreamState
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph
from costmodel.numbers import ceil_div
from costmodel.validation.unread import unread


def settled(network: StreamNetwork) -> StreamState:
    """A state of an age at which every layer runs, at the first phase of a cycle."""
    cycle = network.cycle
    new = network.initial_state(1, torch.empty(0, device=unread(network.graph)))
    # As if so many frames had been seen: nobody looks at the values, which would be others.
    return replace(new, step=ceil_div(network.program.settled, cycle) * cycle)


def frame_shape(graph: Graph) -> tuple[int, int, int]:
    """Channels, height and width of one frame."""
    channels, _, height, width = map(int, graph.source)
    return channels, height, width


def settled_steps(
    network: StreamNetwork,
    around: Callable[[Callable[[], None]], None] | None = None,
    start: StreamState | None = None,
) -> StreamState:
    """The state behind one cycle of steps, or a chunk, each run by `around` where that is given."""
    state = start or settled(network)
    frame = torch.zeros((1, *frame_shape(network.graph)), device=unread(network.graph))
    chunk = network.graph.chunk

    def step() -> None:
        nonlocal state
        if chunk == 1:
            _, state = network.step(frame, state)
        else:
            *_, state = network.chunk(frame.unsqueeze(2).expand(-1, -1, chunk, -1, -1), state)

    with torch.no_grad():
        for _ in range(network.cycle if chunk == 1 else 1):
            if around is None:
                step()
            else:
                around(step)
    return state
