"""What every fuzzer asks: no traceback, no hang, nothing written, bounded memory, exit 2 or 0."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from costmodel.errors import CostModelError

IN_SUITE, ONCE = 200, 10_000
LONGEST_SECONDS = 10  # of the processor; a busy machine may take longer
LONGEST_WAIT = 60
MOST_GROWTH_KIB = 1 << 20  # of the process, over all files of a kind

Reader = Callable[[Path], object]


class Hang(BaseException):
    """A reader took longer than it may."""


@pytest.fixture(params=[IN_SUITE, pytest.param(ONCE, marks=pytest.mark.slow)])
def number(request: pytest.FixtureRequest) -> int:
    """How many files are tried: few in the suite, all where slow tests run."""
    return int(request.param)


def files_of(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_size) for path in folder.rglob("*") if path.is_file())


def survive(place: Path, contents: Iterable[bytes], read: Reader) -> tuple[int, int]:
    """Reads each content as the file `place`; how many were read, and how many refused in one line.

    Whatever is no CostModelError of one printable line, takes too long, or leaves a file behind, fails.
    """
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read_well = refused = 0
    for each in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(each, _hang)
    for number, content in enumerate(contents):
        place.write_bytes(content)
        there = files_of(place.parent)
        signal.alarm(LONGEST_WAIT)
        signal.setitimer(signal.ITIMER_PROF, LONGEST_SECONDS)
        try:
            read(place)
            read_well += 1
        except CostModelError as error:
            lines = getattr(error, "messages", None) or (str(error),)
            assert all(line.isprintable() for line in lines), f"mutation {number}: {lines}"
            refused += 1
        except BaseException as error:
            kept = Path(os.environ.get("FUZZ_KEEP", "")) / f"{place.name}.{number}"
            if "FUZZ_KEEP" in os.environ:
                kept.write_bytes(content)
            raise AssertionError(f"mutation {number}: {type(error).__name__}: {error}") from error
        finally:
            signal.alarm(0)
            signal.setitimer(signal.ITIMER_PROF, 0)
        assert files_of(place.parent) == there, f"mutation {number} left a file"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MOST_GROWTH_KIB, f"the process grew by {grown} KiB"
    return read_well, refused


def _hang(*_: object) -> None:
    raise Hang


@pytest.fixture(name="survive")
def _survive() -> Callable[[Path, Iterable[bytes], Reader], tuple[int, int]]:
    return survive
