"""The layers of an emitted network one by one as it runs: what each reads, keeps and makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from costmodel.emit.network import ClipNetwork, Network
from costmodel.emit.program import Action
from costmodel.emit.stream import StreamNetwork
from costmodel.emit.together import Together
from costmodel.graph import Graph
from costmodel.validation.all_bins import of_all_bins
from costmodel.validation.settled import settled, settled_steps
from costmodel.validation.unread import emit_unread, unread

Kept = tuple[Tensor, ...]
Made = tuple[Tensor | None, Kept]
# Of a layer by name: what it reads, what it keeps before, and a call that runs it and tells what it makes
# and what it keeps after.
Watch = Callable[[str, Sequence[Tensor], Kept, Callable[[], Made]], None]


def to_watch(graph: Graph) -> Network:
    """The network of a graph, to be run where nobody looks at its numbers; it overwrites nothing."""
    network = emit_unread(of_all_bins(graph))
    # What is recorded is not overwritten; nothing need be kept of it.
    network._record, network._keep = {}, _nothing  # type: ignore[method-assign]
    return network


def watch(network: Network, see: Watch, times: int = 0) -> Iterator[None]:
    """Runs a network on a clip, or a stream a cycle, seen by `see`; so many times more, ahead of it.

    Gives way after each of those times, so that what counts can begin anew.
    """
    with torch.no_grad(), torch.device(unread(network.graph)):
        if isinstance(network, StreamNetwork):
            # Some layers run ahead of a stream's first frame: no step of a settled one.
            state = settled(network)
            _watch_steps(network, see)
            for _ in range(times):
                state = settled_steps(network, start=state)
                yield
            settled_steps(network, start=state)
            return
        assert isinstance(network, ClipNetwork)
        _watch_clip(network, see)
        for _ in range(times):
            network(torch.zeros((1, *map(int, network.graph.source))))
            yield
        network(torch.zeros((1, *map(int, network.graph.source))))


def _watch_clip(network: ClipNetwork, see: Watch) -> None:
    run = network._run

    def watched(name: str, inputs: Sequence[Any], overwrites: bool) -> Any:
        made: list[Any] = []

        def call() -> Made:
            made.append(run(name, inputs, overwrites))
            return made[0] if isinstance(made[0], Tensor) else None, ()

        see(name, inputs, (), call)
        return made[0]

    network._run = watched  # type: ignore[method-assign]


def _watch_steps(network: StreamNetwork, see: Watch) -> None:
    def watching(run: Callable[..., Tensor | None]) -> Callable[..., Tensor | None]:
        def watched(
            action: Action | Together, values: list[Any], kept: list[Tensor], *rest: Any
        ) -> Tensor | None:
            own, made = slice(*action.kept), list[Tensor | None]()

            def call() -> Made:
                made.append(run(action, values, kept, *rest))
                return made[0], tuple(kept[own])

            see(action.node, [values[place] for place in action.reads], tuple(kept[own]), call)
            return made[0]

        return watched

    network._run = watching(network._run)
    network._run_together = watching(network._run_together)  # type: ignore[assignment]


def _nothing(name: str, step: int, value: Tensor) -> None:
    """In the place of a recording."""
