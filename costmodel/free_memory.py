"""How much memory this process may still take, read in one place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_MEMBERSHIP = Path("/proc/self/cgroup")
_CGROUP = Path("/sys/fs/cgroup")
_PAGES = Path("/proc/self/statm")


def free_bytes() -> int | None:
    """Memory that may still be taken; None if unknown.

    That is what is available, what a control group leaves, or what a limit on addresses does: the least.
    """
    known = [size for size in (_available(), _left_in_group(), _left_of_addresses()) if size is not None]
    return min(known) if known else None


def _available() -> int | None:
    for line in _lines(_MEMINFO):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _left_of_addresses() -> int | None:
    """What a limit on the addresses of this process, as `ulimit -v` sets it, leaves it."""
    try:
        import resource  # which Windows has not
    except ImportError:
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    pages = "".join(_lines(_PAGES)).split()
    if limit == resource.RLIM_INFINITY or not pages:
        return None
    return max(limit - int(pages[0]) * os.sysconf("SC_PAGE_SIZE"), 0)


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
