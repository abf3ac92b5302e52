"""Whether a network can be run here: told ahead of minutes of work that would end for lack of memory."""

from __future__ import annotations

from collections.abc import Callable

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.errors import CostModelError, one_line
from costmodel.graph import Graph
from costmodel.validation.maps import SIDES, small
from costmodel.validation.needs import OF_PARAMETER, at_hand, needed_bytes

GIB = 2**30


class RoomError(CostModelError):
    """A network is too large to be run on this machine."""


def must_fit(graph: Graph, at_crop: Callable[[int], Graph] | None = None) -> None:
    """Refuses a network that needs more memory to be checked than there is, also on the smallest maps.

    Args:
        graph: the network.
        at_crop: the network at another crop, where its spec has one.

    Raises:
        RoomError: it is too large; says which crop fits, or how many parameters would.
    """
    needed, there = needed_bytes(small(graph)), at_hand()
    if needed <= there:
        return
    told = f"{one_line(graph.name)}: needs about {needed / GIB:.1f} GiB, {there / GIB:.1f} GiB are at hand"
    crop = None if at_crop is None else _largest_that_fits(graph, at_crop, there)
    if crop is not None:
        raise RoomError(f"{told}: validate at --set crop={crop}, which fits")
    params = int(str(evaluate(Figures(graph), "params")))
    if params * OF_PARAMETER > there:
        raise RoomError(
            f"{told}: its {params:,} parameters alone need more, a network of "
            f"{int(there) // OF_PARAMETER:,} fits"
        )
    raise RoomError(f"{told}, on the smallest maps that its layers take")


def is_tight(graph: Graph) -> bool:
    """Whether memory bounds the checks: they need more than half of what is there."""
    return needed_bytes(small(graph)) > at_hand() / 2


def _largest_that_fits(graph: Graph, at_crop: Callable[[int], Graph], there: float) -> int | None:
    for side in reversed(SIDES):
        if side >= min(int(graph.source.height), int(graph.source.width)):
            continue
        try:
            found = at_crop(side)
            is_it = found.source.height == found.source.width == side
            if is_it and needed_bytes(small(found)) <= there:
                return side
        except CostModelError:  # it does not fit on such maps
            continue
    return None
