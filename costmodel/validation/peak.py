"""The maps that are alive while a network runs, seen as its layers make them and its program lets them go.

Every layer's output is a tensor of its own here, also where a layer hands on what it read, so that each
counts as one map; nothing is overwritten. Lives end when the running network drops its last reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from weakref import ReferenceType, ref

import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.memory import memory
from costmodel.analysis.metrics import evaluate
from costmodel.emit.network import ClipNetwork
from costmodel.emit.program import Action
from costmodel.emit.stream import StreamNetwork
from costmodel.emit.together import Together
from costmodel.graph import Graph
from costmodel.validation.check import Check, equal, not_measured
from costmodel.validation.settled import settled, settled_steps
from costmodel.validation.unread import unread
from costmodel.validation.watched import to_watch

WHAT = "peak_activation_floats"


def check_peak(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """The most numbers alive at once, its layers in the order that has the smallest peak."""
    predicted, schedule = evaluate(Figures(graph), WHAT), memory(graph).best
    if schedule.order[-1] != graph.output:
        yield not_measured(WHAT, predicted, f"its best order runs {schedule.order[-1]} behind the answer")
        return
    ordered = replace(graph, nodes=tuple(graph.by_name[name] for name in schedule.order))
    network = to_watch(ordered)
    with torch.device(unread(network.graph)), torch.no_grad():
        if isinstance(network, StreamNetwork):
            most, at_once = _of_steps(network)
            note = f"a cycle of {network.cycle} steps" if graph.chunk == 1 else "one chunk"
        else:
            assert isinstance(network, ClipNetwork)
            most, at_once, note = _of_clip(network), len(graph.nodes), "one clip"
    note = f"{note}, every output alive until the network lets it go"
    if at_once == len(graph.nodes):
        yield equal(WHAT, predicted, most, note)
        return
    # What is predicted is of a step in which all layers answer. Under strides behind delays there may be
    # none.
    note += (
        f"; in no step do more than {at_once} of {len(graph.nodes)} layers answer: at most what is predicted"
    )
    yield Check(WHAT, predicted, most, bool(most <= predicted), note, is_limit=True)


def _of_steps(network: StreamNetwork) -> tuple[int, int]:
    """The most numbers alive at once, and the most layers that answer in one step."""
    most = 0
    steps: list[tuple[list[Tensor | None], set[str]]] = []

    def watching(run: Callable[..., Tensor | None]) -> Callable[..., Tensor | None]:
        def watched(action: Action | Together, values: list[Tensor | None], *rest: object) -> Tensor | None:
            nonlocal most
            if not steps or steps[-1][0] is not values:
                steps.append((values, set()))
            output = run(action, values, *rest)
            if output is not None:  # a sum of strided taps may take a frame in and answer at a later one
                steps[-1][1].add(action.node)
            held = [each for each in (*values, output) if each is not None]
            most = max(most, sum(each.numel() for each in held))
            return output

        return watched

    state = settled(network)
    network._run = watching(network._run)
    network._run_together = watching(network._run_together)  # type: ignore[assignment]
    settled_steps(network, start=state)
    return most, max(len(layers) for _, layers in steps)


def _of_clip(network: ClipNetwork) -> int:
    clip = torch.zeros((1, *map(int, network.graph.source)))
    alive: list[ReferenceType[Tensor]] = []
    moments, last_read, run = list[int](), 0, network._run

    def watched(name: str, inputs: Sequence[Tensor], overwrites: bool) -> Tensor:
        nonlocal last_read
        if any(each is clip for each in inputs):
            last_read = len(moments)
        output = run(name, inputs, overwrites).detach()  # type: ignore[union-attr]
        alive.append(ref(output))
        moments.append(sum(each.numel() for one in alive if (each := one()) is not None))
        return output

    network._run = watched  # type: ignore[assignment, method-assign]
    network(clip)
    # Who calls holds the clip to the end; the network needs it until it was read for the last time.
    return max(floats + clip.numel() * (place <= last_read) for place, floats in enumerate(moments))
