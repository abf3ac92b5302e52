"""What of a training fits in the memory that this machine still has for work."""

from __future__ import annotations

from costmodel.analysis.training import largest_batch, training_memory
from costmodel.errors import OptionError, one_line
from costmodel.graph import Graph

GIB = 2**30
# A worker with PyTorch loaded, before it makes its first network; measured.
PROCESS_BYTES = 300 * 2**20


def needed_bytes(graph: Graph, batch: int) -> int:
    """What a process takes that trains a network on so many clips at once."""
    return PROCESS_BYTES + training_memory(graph, batch).process


def must_fit(graph: Graph, batch: int, room: int | None, option: str) -> int:
    """The bytes that a training takes, which fit in the memory that may be taken, where that is known.

    Args:
        graph: the network.
        batch: clips that run at once.
        room: the memory, or None where it is not known.
        option: what gives the batch, for the message.

    Raises:
        OptionError: it does not fit; the message says which batch would.
    """
    needed = needed_bytes(graph, batch)
    if room is None or needed <= room:
        return needed
    most = largest_batch(graph, room - PROCESS_BYTES, batch)
    repair = f"{option}{most} would fit" if most else "not even one clip fits; use a smaller network or clip"
    raise OptionError(
        f"{one_line(graph.name)}: training on {batch} clips at once needs {needed / GIB:.1f} GiB, "
        f"{room / GIB:.1f} GiB are free; {repair}"
    )
