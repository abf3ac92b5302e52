"""How much memory this machine still has for work, read in one place, and what of a training fits in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from costmodel.analysis.training import largest_batch, training_memory
from costmodel.errors import OptionError, one_line
from costmodel.graph import Graph

GIB = 2**30
# A worker with PyTorch loaded, before it makes its first network; measured.
PROCESS_BYTES = 300 * 2**20
_MEMINFO = Path("/proc/meminfo")
_MEMBERSHIP = Path("/proc/self/cgroup")
_CGROUP = Path("/sys/fs/cgroup")


def free_bytes() -> int | None:
    """Memory that may still be taken: what is available, or what a control group leaves; None if unknown."""
    known = [size for size in (_available(), _left_in_group()) if size is not None]
    return min(known) if known else None


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


def _available() -> int | None:
    for line in _lines(_MEMINFO):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _left_in_group() -> int | None:
    """What the control groups of this process leave; file cache counts as free, since it is given back."""
    left = []
    for folder, limit, used in _groups():
        most, taken = _number(folder / limit), _number(folder / used)
        if most is not None and taken is not None:
            # a group without a limit has "max" there, which is no number
            left.append(most - taken + _file_cache(folder))
    return max(min(left), 0) if left else None


def _groups() -> Iterator[tuple[Path, str, str]]:
    """The folders of this process's groups up to the root, each with its files of limit and use."""
    for line in _lines(_MEMBERSHIP):
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            root, files = _CGROUP / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")
        elif not controllers:
            root, files = _CGROUP, ("memory.max", "memory.current")
        else:
            continue
        own = root / path.lstrip("/")
        # each group up to the root, since a parent's limit holds for all below it
        yield from ((each, *files) for each in (own, *own.parents) if each.is_relative_to(root))


def _file_cache(folder: Path) -> int:
    sizes = dict(line.split(maxsplit=1) for line in _lines(folder / "memory.stat"))
    return int(sizes.get("total_inactive_file", sizes.get("inactive_file", 0)))


def _number(path: Path) -> int | None:
    text = "".join(_lines(path))
    return int(text) if text.isdigit() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
