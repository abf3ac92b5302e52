"""The workers of a cluster of dask.distributed, and calls of our functions on them, one at a time on each."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from costmodel import own
from costmodel.errors import CostModelError, OptionError, one_line
from search.engine.scheduler import TIMED_OUT, Scheduler

if TYPE_CHECKING:
    from distributed import Future

LOOKS_EVERY = 1.0  # seconds between two looks at who is there
SENT_IN = 120.0  # seconds in which a result, weights included, comes back


@dataclass(frozen=True)
class Member:
    """A worker process of the cluster.

    Args:
        address: where it is.
        memory: bytes that it may take; None where nothing bounds them.
        declared: the resources that it was started with, such as GPU and MEMORY.
    """

    address: str
    memory: int | None
    declared: Mapping[str, float]

    def share(self, wanted: Mapping[str, float]) -> dict[str, float]:
        """What the scheduler must set aside: of what is wanted that which the worker declares."""
        return {name: amount for name, amount in wanted.items() if name in self.declared and amount}


@dataclass(frozen=True)
class Ended:
    """How a call ended: with what the function gave, or with a `reason` why it gave nothing.

    Args:
        key: what it was called under.
        value: what the function gave.
        reason: an exception, or the loss of the worker.
        is_lost: whether the worker was lost, so that another may do it.
    """

    key: str
    value: object = None
    reason: str = ""
    is_lost: bool = False


@dataclass
class Cluster:
    """The workers behind a scheduler that have what this process has installed, and the calls on them.

    A worker of other versions is left out, with a line that says what it has.

    Args:
        place: of the scheduler.
        tell: is given each line that the user should read.
        members: the workers that are there.
        seen: those that were there at some time.

    Raises:
        OptionError: dask.distributed is missing, no scheduler answers, or all workers have other versions.
    """

    place: str
    tell: Callable[[str], None]
    members: dict[str, Member] = field(default_factory=dict)
    seen: list[Member] = field(default_factory=list)
    _refused: dict[str, str] = field(default_factory=dict)
    _calls: dict[str, tuple[Member, Future]] = field(default_factory=dict)
    _looked: float = 0.0
    _counted: int = 0
    _is_waiting: bool = False

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.place)
        try:
            self.look()
            if self._refused and not self.members:
                name, reason = next(iter(self._refused.items()))
                raise OptionError(f"--scheduler {self.place}: no worker can be used: {name} {reason}")
        except CostModelError:
            self.close()
            raise

    def look(self) -> None:
        """Sees which workers came and went, and tells why one that came is left out.

        Raises:
            SchedulerError: the scheduler is gone.
        """
        self._looked = time.monotonic()
        found = self.scheduler.workers()
        self.members = {name: each for name, each in self.members.items() if name in found}
        self._refused = {name: why for name, why in self._refused.items() if name in found}
        came = [name for name in found if name not in self.members and name not in self._refused]
        for name, reason in self.scheduler.unlike_here(came):
            if reason:
                self._refused[name] = reason
                self.tell(f"note: left out: {name} {reason}")
            else:
                self.members[name] = _member(name, found[name])
                self.seen.append(self.members[name])
        is_waiting = not self.members and not self._refused
        if is_waiting and not self._is_waiting:
            self.tell(f"note: no worker at {self.place}; waiting until one comes")
        self._is_waiting = is_waiting

    def idle(self) -> list[Member]:
        """The workers on which nothing runs, those of little memory first."""
        busy = {member.address for member, _ in self._calls.values()}
        free = [member for member in self.members.values() if member.address not in busy]
        return sorted(free, key=lambda each: (each.memory is None, each.memory or 0))

    def call(
        self, key: str, member: Member, wanted: Mapping[str, float], function: str, *arguments: object
    ) -> None:
        """Calls one of our functions on a worker.

        Args:
            key: what the end of the call is told under.
            member: the worker.
            wanted: of each resource how much is needed.
            function: `module:function`.
            arguments: what it is given.
        """
        self._counted += 1
        future = self.scheduler.client.submit(
            own.call,
            "search.engine.member:run",
            # pickled here, so that a folder called `search` where a worker began does not matter
            pickle.dumps((function, *arguments)),
            # numbered: the same candidate tried again is another call
            key=f"costmodel-{key}-{self._counted}",
            workers=[member.address],
            resources=member.share(wanted) or None,
            pure=False,
        )
        self._calls[key] = (member, future)

    def ended(self) -> Iterator[Ended]:
        """The calls that have ended, after a wait of some time for one that does; often there are none.

        Raises:
            SchedulerError: the scheduler is gone.
        """
        self._wait()
        # cancelled by nobody here: the scheduler went, which is no failure of a candidate's
        cancelled = any(future.status == "cancelled" for _, future in self._calls.values())
        if cancelled or time.monotonic() - self._looked > LOOKS_EVERY:
            self.look()
        for key, (member, future) in list(self._calls.items()):
            end = self._end(key, member, future)
            if end is not None:
                del self._calls[key]
                with suppress(Exception):  # of a scheduler that is gone: the next look says so
                    future.cancel()
                yield end

    def close(self) -> None:
        """Leaves the cluster; its workers stay."""
        with suppress(Exception):
            self.scheduler.client.cancel([future for _, future in self._calls.values()])
        self._calls.clear()
        self.scheduler.close()

    def _wait(self) -> None:
        from distributed import wait

        futures = [future for _, future in self._calls.values()]
        if not futures:
            time.sleep(LOOKS_EVERY)
            return
        with suppress(*TIMED_OUT), self.scheduler.client.as_current():
            wait(futures, timeout=LOOKS_EVERY, return_when="FIRST_COMPLETED")

    def _end(self, key: str, member: Member, future: Future) -> Ended | None:
        lost = Ended(key, reason=f"the worker was lost: {member.address}", is_lost=True)
        try:
            if future.status == "finished":
                return Ended(key, future.result(timeout=SENT_IN))
            if future.status == "error":
                error = future.exception(timeout=SENT_IN)
                return Ended(key, reason=one_line(f"{type(error).__name__}: {error}")[:500])
        except (OSError, *TIMED_OUT):  # it went after its result was there, and took it along
            return lost
        is_gone = future.status in ("cancelled", "lost") or member.address not in self.members
        return lost if is_gone else None


def _member(address: str, told: Mapping[str, Any]) -> Member:
    declared = {str(name): float(amount) for name, amount in told.get("resources", {}).items()}
    bound = declared.get("MEMORY") or told.get("memory_limit") or 0
    return Member(address, int(bound) or None, declared)
