"""Predicted figures beside what the running network does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

from costmodel.graph import Graph
from costmodel.validation.check import Check, not_measured
from costmodel.validation.chunks import check_chunks
from costmodel.validation.clips import check_clip
from costmodel.validation.convolutions import of_doubles
from costmodel.validation.costs import check_costs
from costmodel.validation.equality import check_equality
from costmodel.validation.forms import check_forms
from costmodel.validation.kept import check_kept
from costmodel.validation.known import known
from costmodel.validation.moved import check_traffic
from costmodel.validation.operations import check_operations
from costmodel.validation.own_clip import check_own_clip
from costmodel.validation.peak import check_peak
from costmodel.validation.reach import check_reach
from costmodel.validation.running import drawn, of_one_frame
from costmodel.validation.sampling import check_sampling
from costmodel.validation.streams import check_streams
from costmodel.validation.totals import check_totals
from costmodel.validation.windows import check_windows

__all__ = ["Check", "validate"]

Stage = Callable[[Graph, int], Iterator[Check]]
OF_CLIPS: tuple[Stage, ...] = (
    check_costs,
    check_peak,
    check_operations,
    check_traffic,
    check_totals,
    check_windows,
    check_reach,
    check_clip,
    check_sampling,
)
OF_STREAMS: tuple[Stage, ...] = (
    check_costs,
    check_peak,
    check_operations,
    check_traffic,
    check_totals,
    check_kept,
    check_windows,
    check_reach,
    check_streams,
    check_forms,  # and all of these ahead of those on larger maps, for which weights are drawn anew
    check_equality,
    check_own_clip,
)

# What is measured of steps as they are; all else concerns time, and is that of the steps of one frame.
IN_STEPS: tuple[Stage, ...] = (check_costs, check_peak, check_traffic, check_totals, check_chunks)


def validate(graph: Graph, seed: int = 0, stages: Sequence[Stage] = ()) -> Iterator[Check]:
    """Checks every figure of a clip network or a stream on the emitted network, one after the other.

    Costs are measured at full size; what concerns time on smaller maps, with all channels, frames and layers;
    equality of outputs in float64 with every parameter and buffer drawn at random.

    Args:
        graph: the network.
        seed: of weights and clips.
        stages: those of its stages that are wanted; all of them unless given.
    """
    stages = stages or stages_of(graph)
    foreign = [node.name for node in graph.nodes if not node.op.unwrapped.runs]
    if foreign:
        reason = f"nothing runs what stands at {', '.join(foreign)}, calls that import has no layer for"
        yield from (not_measured(stage.__name__, True, reason) for stage in stages)
        return
    try:
        with _one_thread(), of_doubles():
            for stage in stages:
                yield from _run(stage, graph if stage in IN_STEPS else of_one_frame(graph), seed)
    finally:
        drawn.cache_clear()  # the weights of a large network, in float64
        known.cache_clear()


def stages_of(graph: Graph) -> tuple[Stage, ...]:
    """What is checked of a network, in order."""
    if graph.chunk > 1:
        return (*OF_STREAMS, check_chunks)
    return OF_STREAMS if graph.is_stream else OF_CLIPS


def _run(stage: Stage, graph: Graph, seed: int) -> Iterator[Check]:
    """The checks of a stage; a network that does not run is a difference too."""
    try:
        yield from stage(graph, seed)
    except Exception as error:  # whatever a wrong network fails with
        note = f"{type(error).__name__}: {error}".splitlines()[0]
        yield Check(f"{stage.__name__}_runs", True, False, False, note)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Maps this small cost more to share among threads than to compute."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
