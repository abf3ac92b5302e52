"""Whether a network can be run here: told ahead of minutes of work that would end for lack of memory."""

from __future__ import annotations

import os

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.errors import CostModelError
from costmodel.graph import Graph

# Of each parameter: as drawn, in the network, in one that starts with replicas, all in 64 bits, and while
# the network is made in 32.
BYTES = 3 * 8 + 4
GIB = 2**30


class RoomError(CostModelError):
    """A network is too large to be run on this machine."""


def must_fit(graph: Graph) -> None:
    """Refuses a network whose weights alone, as they are checked, need more memory than there is.

    Maps need little beside them: what concerns time runs on small ones.

    Raises:
        RoomError: it is too large; says how many parameters fit.
    """
    params, there = int(str(evaluate(Figures(graph), "params"))), memory_bytes()
    if params * BYTES > there:
        raise RoomError(
            f"{graph.name}: validate holds its {params:,} parameters three times in 64 bits, "
            f"{params * BYTES / GIB:.1f} GiB of {there / GIB:.1f} that this machine has; a network of "
            f"{there // BYTES:,} parameters fits"
        )


def memory_bytes() -> int:
    """The memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
