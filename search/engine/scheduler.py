"""The scheduler of a cluster of dask.distributed: connecting to it, and asking which workers it has."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costmodel import own
from costmodel.errors import CostModelError, OptionError
from search.engine.member import installed

if TYPE_CHECKING:
    from distributed import Client

ANSWERS_IN = 10.0  # seconds in which a scheduler answers, or is found again
TIMED_OUT = (TimeoutError, asyncio.TimeoutError, asyncio.CancelledError, CancelledError)
ADDRESS = re.compile(r"\w+://\S+|[^/\s]+:\d+")
EXPECTED = "expected the address that `dask scheduler` printed, such as tcp://HOST:8786"
_LOGGERS = (
    "distributed",
    "distributed.client",
    "distributed.core",
    "distributed.comm",
    "tornado.application",
)


class SchedulerError(CostModelError):
    """The scheduler of a cluster is gone."""


class Scheduler:
    """A connection to a scheduler. What dask logs about it is told in one line instead.

    Args:
        place: `tcp://HOST:PORT`, or the file that a scheduler wrote.

    Raises:
        OptionError: dask.distributed is missing, or no scheduler answers.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        _library()  # as it loads, it sets how loud its loggers are
        self._levels = {name: logging.getLogger(name).level for name in _LOGGERS}
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        try:
            self.client = _client(place)
        except OptionError:
            self._speak()
            raise

    def workers(self) -> Mapping[str, Mapping[str, Any]]:
        """What each worker says of itself, by its address.

        Raises:
            SchedulerError: the scheduler is gone, and does not come back within some seconds.
        """
        deadline = time.monotonic() + ANSWERS_IN
        while self.client.status != "closed" and time.monotonic() < deadline:
            if self.client.status == "running":
                with suppress(OSError, *TIMED_OUT):
                    answer = self.client.sync(self.client.scheduler.identity, callback_timeout=ANSWERS_IN)
                    return dict(answer["workers"])
            time.sleep(0.1)  # it is being connected to again
        raise SchedulerError(
            f"--scheduler {self.place}: is gone; all that ended is kept, "
            "and a search goes on by the same command"
        )

    def unlike_here(self, workers: list[str]) -> Iterator[tuple[str, str]]:
        """Each of these workers, and what it has that is other than here; empty where all is the same."""
        if not workers:
            return
        ours = installed()
        found = self.client.run(
            own.call, "search.engine.member:installed", workers=workers, on_error="return"
        )
        for name in workers:
            theirs = found.get(name)
            if not isinstance(theirs, Mapping):
                yield name, f"lacks costmodel {ours['costmodel']}, or has one that is too old"
                continue
            other = next((what for what in ours if theirs.get(what) != ours[what]), None)
            yield name, f"has {other} {theirs.get(other)}, here {ours[other]}" if other else ""

    def close(self) -> None:
        """Leaves; the scheduler and its workers stay."""
        with suppress(Exception):  # one that is gone cannot be told
            self.client.close(timeout=2)
        self._speak()

    def _speak(self) -> None:
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)


def _library() -> type[Client]:
    try:
        from distributed import Client
    except ImportError:
        raise OptionError("--engine dask: needs dask.distributed: pip install 'costmodel[cluster]'") from None
    found: type[Client] = Client
    return found


def _client(place: str) -> Client:
    where: dict[str, Any] = {"address": place}
    if "://" not in place and Path(place).suffix == ".json":
        where = {"scheduler_file": place}
        if not Path(place).is_file():
            raise OptionError(f"--scheduler {place}: there is no such file")
    elif not ADDRESS.fullmatch(place):
        raise OptionError(f"--scheduler {place}: is no address, {EXPECTED}")
    try:
        with _quiet():
            return _library()(**where, timeout=ANSWERS_IN, set_as_default=False)
    except (OSError, ValueError, KeyError, TypeError, *TIMED_OUT) as error:
        raise OptionError(
            f"--scheduler {place}: no scheduler answers there ({type(error).__name__}); {EXPECTED}"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        # it compares versions of its own; what matters to a score is compared worker by worker
        warnings.simplefilter("ignore")
        yield
