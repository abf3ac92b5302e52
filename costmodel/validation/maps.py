"""The same network on smaller maps: all that concerns time stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.errors import CostModelError, ShapeError
from costmodel.graph import Graph
from costmodel.validation.frames import frames_compared
from costmodel.validation.needs import at_hand, needed_bytes, one_cycle_in

# Even sides, as most networks halve their maps several times.
SIDES = (4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)

# Of the clip network of a stream that is compared with it, layer by layer.
MOST_MACS = 10**11  # some 20 seconds in 64 bits, and as much for each further run


def on_maps(graph: Graph, height: int, width: int) -> Graph:
    """The network on inputs of another height and width, channels, frames and layers unchanged.

    Raises:
        ShapeError: its layers do not fit on such maps.
    """
    source = graph.source._replace(height=height, width=width)
    clip = None if graph.clip is None else on_maps(graph.clip, height, width)
    return replace(graph, source=source, clip=clip)


def smallest(graph: Graph) -> Graph:
    """The network on the smallest maps that its layers fit on: enough where only time matters."""
    return next(_smaller(graph), graph)


def small(graph: Graph) -> Graph:
    """The network on maps as small as may be where every window in space still has neighbours to see.

    On smaller ones where outputs on them are too much to be compared, by time or by memory.
    """
    tried = list[Graph]()
    for each in (*_smaller(graph), graph):
        tried.append(each)
        if _has_neighbours(each):
            break
    while len(tried) > 1 and is_too_much(tried[-1]):
        tried.pop()
    return tried[-1]


def is_too_much(graph: Graph) -> bool:
    """Whether outputs take more memory than there is to compare them, or those of a stream too long."""
    if needed_bytes(graph) > at_hand():
        return True
    if not graph.is_stream:
        return False
    figures = Figures(graph)
    macs = int(evaluate(figures, "macs_per_frame") * frames_compared(figures))
    return one_cycle_in(graph) > 1 or macs > MOST_MACS


def cut_down(graph: Graph) -> str:
    """What is said of maps that are smaller than windows in space ask for; empty where they are not."""
    if _has_neighbours(graph):
        return ""
    return "; its last windows see no neighbours: on larger maps it takes too long or too much memory"


def _smaller(graph: Graph) -> Iterator[Graph]:
    height, width = int(graph.source.height), int(graph.source.width)
    for side, longer in pairwise(SIDES):
        for wide in (longer, side):  # unequal where that fits, so that no axis passes for another
            if side > height or wide > width:
                continue
            try:
                yield on_maps(graph, side, wide)
            except ShapeError:
                continue
            # No map of any size would do.
            except CostModelError:
                return
            break


def _has_neighbours(graph: Graph) -> bool:
    for node in graph.nodes:
        x, *_ = inputs = graph.inputs_of(node)
        _, *kernel = node.op.kernel_on(*inputs)
        if any(reach > 1 and size < 2 for reach, size in zip(kernel, (x.height, x.width), strict=True)):
            return False
    return True
