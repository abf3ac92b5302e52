"""What the checks of a network need while they run, worked out ahead of them, and what there is."""

from __future__ import annotations

from functools import cache, lru_cache
from math import ceil, inf, prod

from costmodel.analysis.figures import Figures
from costmodel.analysis.memory import live_floats
from costmodel.analysis.metrics import evaluate
from costmodel.free_memory import free_bytes
from costmodel.graph import Graph
from costmodel.validation.frames import frames_compared

DOUBLE, SINGLE = 8, 4  # bytes of a number
MOST_BYTES = 5 * 2**29  # of the outputs of all layers that are held while a stream is compared with them
LEAST_BYTES = 2**28  # of those that must fit: of more a part can be compared
# Of each parameter: as drawn in 64 bits, as taps of a frame in two networks that run, and in 32 while drawn.
OF_PARAMETER = 3 * DOUBLE + SINGLE
# What stands beside the outputs that are compared: those of some steps, and copies while two are subtracted.
BESIDE = 0.5
LIVE = 3  # times the maps that are alive in one run: of two clips, and what a layer makes on its way
GROWTH = 1.25  # memory that the allocator holds in pieces too small for the next map


def one_cycle_in(graph: Graph) -> int:
    """Of how many cycles of a stream one is compared: 1 where the outputs to all of them fit in memory."""
    room = min(MOST_BYTES, (at_hand() / GROWTH - _beside(graph)) / (1 + BESIDE))
    return ceil(_outputs_bytes(graph) / max(LEAST_BYTES, room))


def _outputs_bytes(graph: Graph) -> int:
    """What all layers of a stream answer to the frames on which it is compared with its clip network."""
    assert graph.clip is not None
    numbers = sum(prod(map(int, graph.clip.types[node.name])) for node in graph.clip.nodes)
    return int(DOUBLE * numbers * _clips(graph))


def needed_bytes(graph: Graph) -> int:
    """What the checks that compare outputs take, weights included, if a stream holds as few as may be."""
    held = min(_outputs_bytes(graph), LEAST_BYTES) * (1 + BESIDE) if graph.is_stream else 0
    return ceil(GROWTH * (_beside(graph) + held))


@lru_cache(maxsize=64)  # a search for the size that fits asks for each again
def _beside(graph: Graph) -> int:
    """Weights, and the maps that are alive while layers run, without what is kept to be compared."""
    clip = graph.clip or graph
    params = int(str(evaluate(Figures(graph), "params")))
    alive = LIVE * DOUBLE * live_floats(clip) * (_clips(graph) if graph.is_stream else 1)
    return ceil(OF_PARAMETER * params + alive)


@cache
def at_hand() -> float:
    """The memory that this process may take ahead of its first check, in bytes; unbounded if unknown.

    Once for all checks: they run one after the other, on the same maps, and free what they took.
    """
    known = free_bytes()
    return inf if known is None else known


def _clips(graph: Graph) -> float:
    """The frames on which a stream is compared, in clips of its network."""
    assert graph.clip is not None
    return frames_compared(Figures(graph)) / int(graph.clip.source.time)
