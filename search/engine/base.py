"""Where candidates run: what every engine is, and their names, one engine a file beside this one."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from costmodel.errors import CostModelError, OptionError
from search.score.base import Result, Score, Task, checked, score_named

LONGEST_LOG = 20_000


@dataclass(frozen=True)
class Outcome:
    """How one attempt at a candidate ended: with a result, or with the reason why not."""

    key: str
    result: Result | None
    reason: str = ""
    log: str = ""
    seconds: float = 0.0
    repeats: bool = False  # whether another attempt would fail alike
    is_crowded: bool = False  # killed while others ran beside it: alone it may have room


class Engine(Protocol):
    """Runs candidates. Its life: any number of `submit`, `next_outcome` and `free`, then `close`.

    Every submitted task gives exactly one outcome, in any order; the death of a worker is an outcome too.
    """

    def submit(self, task: Task) -> None:
        """Takes a task; returns at once."""

    def next_outcome(self) -> Outcome:
        """Waits for the next outcome; called once for each task submitted."""

    def free(self) -> int:
        """How many more tasks would begin at once."""

    def close(self) -> None:
        """Ends all workers."""


@dataclass(frozen=True)
class Job:
    """What an engine is told about the search whose candidates it runs.

    Args:
        score: what a candidate is scored by.
        options: those that the score was made with, from which a worker makes it again.
        first: the candidate that the search starts from, to judge by what one takes.
        workers: how many are to run at once; None leaves it to the engine.
        tell: is given each line that the user should read.
        scheduler: of the cluster that candidates run on, where the engine is one of a cluster.
    """

    score: Score
    options: Mapping[str, object]
    first: Task
    workers: int | None
    tell: Callable[[str], None]
    scheduler: str | None = None


Maker = Callable[[Job], Engine]
ENGINES: dict[str, Maker] = {}


def engine(name: str) -> Callable[[Maker], Maker]:
    """Registers a function that makes an engine, under its name for `--engine`.

    Raises:
        OptionError: another has this name.
    """

    def register(maker: Maker) -> Maker:
        if name in ENGINES:
            raise OptionError(f"engine {name!r} is registered twice")
        ENGINES[name] = maker
        return maker

    return register


def engine_named(name: str) -> Maker:
    """The function that makes the engine of that name.

    Raises:
        OptionError: there is none; the message lists the known ones.
    """
    if name not in ENGINES:
        raise OptionError(f"--engine: unknown {name!r} (known: {', '.join(sorted(ENGINES))})")
    return ENGINES[name]


def scored(
    task: Task, options: Mapping[str, object], check: Callable[[Score, Task], None] | None = None
) -> Outcome:
    """One attempt at a candidate by a score that is made here; one that cannot be made fails it.

    Args:
        task: the candidate.
        options: of the score.
        check: raises where the score, as it was made here, must not be used.
    """
    try:
        score = score_named(task.score, options)
        if check is not None:
            check(score, task)
    except Exception as error:
        return Outcome(task.key, None, f"{type(error).__name__}: {error}", traceback_log())
    return attempt(score, task)


def attempt(score: Score, task: Task) -> Outcome:
    """One attempt at a candidate, in this process; any exception is a failed attempt."""
    started = time.monotonic()
    try:
        result = checked(score(task))
    except MemoryError:
        return Outcome(task.key, None, "out of memory", traceback_log(), time.monotonic() - started)
    except Exception as error:  # whatever a score raises is the candidate's failure, not the search's
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]
        repeats = isinstance(error, CostModelError)  # seeds are the same, and so is what the score found
        return Outcome(task.key, None, reason, traceback_log(), time.monotonic() - started, repeats)
    return Outcome(task.key, result, "", result.log, time.monotonic() - started)


def traceback_log() -> str:
    """The end of the traceback of the exception that is being handled."""
    return traceback.format_exc()[-LONGEST_LOG:]
