"""Handles standard streams that are closed, full, or cut off by a reader such as `head`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

INPUT, OUTPUT, ERROR = 0, 1, 2
STARTED_TOGETHER = (
    "RANK",
    "WORLD_SIZE",
    "LOCAL_RANK",
    "MASTER_ADDR",
    "MASTER_PORT",
)  # torchrun says them all


def make_ready() -> None:
    """Opens streams that are closed: a file opened later would get their number, and be printed into.

    What a terminal cannot show, such as a file's name that is no text, is written as Python writes it.
    """
    # In their order: the system gives the lowest number that is free.
    for number in (INPUT, OUTPUT, ERROR):
        try:
            os.fstat(number)
        except OSError:
            # Open for reading alone, writing to standard output is the error that it should be.
            os.set_inheritable(os.open(os.devnull, os.O_WRONLY if number == ERROR else os.O_RDONLY), True)
    sys.stdout = _shown(sys.stdout, OUTPUT)
    sys.stderr = _shown(sys.stderr, ERROR)


def _shown(stream: TextIO | None, number: int) -> TextIO:
    if stream is None:
        stream = open(number, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    reconfigure = getattr(stream, "reconfigure", None)  # a test's stream may have none
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    return stream


def stand_aside() -> bool:
    """Whether torchrun started this process beside a first one, which tells all; it then tells nothing."""
    if any(name not in os.environ for name in STARTED_TOGETHER) or os.environ["RANK"] == "0":
        return False
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - to the end of the process
    return True


def was_cut(error: BaseException) -> bool:
    """Whether the reader of our output went away; rich turns that into a SystemExit of its own."""
    return isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError)


@contextmanager
def unless_cut() -> Iterator[None]:
    """Writes what is inside, and the rest to nowhere where the reader of our output went away."""
    try:
        yield
    except BrokenPipeError:
        give_up_output()


def give_up_output() -> None:
    """Sends the rest of the output to nowhere: Python would try, and report, it once more at the end."""
    with suppress(OSError, ValueError):
        # Python flushes once more when it ends, where no `except` of ours can be
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def not_written(error: OSError) -> str:
    """What could not be written, and why, in words."""
    reason = (error.strerror or str(error)).lower()
    return f"{error.filename or 'standard output'}: cannot be written, {reason}"
