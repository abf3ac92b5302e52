"""Small valid clip networks made at random, to try the analysis, the transforms and the emission on."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, lcm
from random import Random
from typing import get_args

from costmodel.analysis.temporal import excitation_pools, slides_over_clip, timing
from costmodel.errors import GraphError, ShapeError, TransformError
from costmodel.graph import Graph
from costmodel.ops import Op
from costmodel.transforms.continual import Continual, Excite, State
from costmodel.validation.random_maker import Kind, Maker

MOST_ATTEMPTS = 1000
LONGEST_RECEPTIVE_FIELD = 150
MOST_LAYERS = 80
LONGEST_CYCLE = 12
STATES: tuple[State, ...] = get_args(State)
EXCITATIONS: tuple[Excite, ...] = get_args(Excite)


def random_graph(seed: int) -> Graph:
    """A valid clip network, the same for the same seed, that `continual` can run frame by frame.

    It may hold residuals inside residuals, concatenations, parallel branches of unequal delay and of equal
    stride at unequal phases, crops, strides and dilation in time, causal, unpadded and partly padded windows,
    grouped and depthwise convolutions, shifts into the past and the future, of shares of the channels too,
    recurrent layers, maps resized and pooled to a size, attention to the last frames, gates frame by frame,
    over the clip and over all frames so far, pools and subsampling in time, two pathways of unequal frame
    rate, channels shuffled, split and padded, maps rolled and attended to in windows, and an end that answers
    once for the clip, for its last frame or for every frame.

    Raises:
        GraphError: no valid network was found, which would be a mistake of the generator.
    """
    return drawn_graph(seed, is_quick)


def drawn_graph(seed: int, fits: Callable[[Graph], bool], kind: Kind = "stream") -> Graph:
    """The first network of a seed that fits.

    Raises:
        GraphError: there is none among as many as are tried.
    """
    random = Random(seed)
    for _ in range(MOST_ATTEMPTS):
        try:
            graph = Maker(random, kind).network(f"random_{seed}")
        except ShapeError:  # unpadded windows have eaten the clip
            continue
        if fits(graph):
            return graph
    raise GraphError(f"random_{seed}: no valid network in {MOST_ATTEMPTS} attempts")


def is_quick(graph: Graph) -> bool:
    """Whether the network can be run frame by frame for a few cycles in no time."""
    times = timing(graph).values()
    cycle = lcm(*(at.jump for at in times))
    longest = max(at.receptive_field for at in times if at.receptive_field != inf)
    is_short = bool(longest <= LONGEST_RECEPTIVE_FIELD)
    return len(graph.nodes) <= MOST_LAYERS and is_short and cycle <= LONGEST_CYCLE


def random_stream(seed: int) -> Graph:
    """A network as of `random_graph` frame by frame, its state, its pool and its gates chosen at random."""
    graph, continual = random_continual(seed)
    return continual(graph)


def random_continual(seed: int) -> tuple[Graph, Continual]:
    """The clip network of `random_stream`, and what makes it the stream."""
    graph, random = drawn_graph(seed, is_quick), Random(seed)
    state, excite = random.choice(STATES), random.choice(EXCITATIONS)
    excitations = excitation_pools(graph)
    pools = [
        node.op for node in graph.nodes if node.name not in excitations and slides_over_clip(graph, node)
    ]
    pool = random.randint(1, 40) if pools and random.random() < 0.5 else None
    goes_on = bool(pools) and pool is None and random.random() < 0.5 and all(map(_goes_on, pools))
    return graph, Continual(pool, state, excite, "cumulative" if goes_on else "window")


def _goes_on(pool: Op) -> bool:
    """Whether a pool over the clip can go on over all frames so far, as one of parts of the map cannot."""
    try:
        pool.cumulative()
    except TransformError:
        return False
    return True
