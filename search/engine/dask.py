"""The engine `dask`: candidates run on the workers of a cluster, and their results come back to the study."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from costmodel.errors import OptionError
from search.engine.base import Job, Outcome, engine
from search.engine.cluster import Cluster, Ended, Member
from search.room import GIB
from search.score.base import Task


@dataclass
class DaskEngine:
    """Gives each worker of a cluster one candidate at a time. One that is lost loses its candidate alone.

    Workers may come and go; while there is none, the search waits. Where a candidate runs changes no result.

    Args:
        cluster: the workers.
        options: of the score.
        most: how many candidates run at once; None for one on each worker.
        memory: what a candidate takes; raises OptionError where that is more than the room it is given.
    """

    cluster: Cluster
    options: Mapping[str, object]
    most: int | None = None
    memory: Callable[[Task, int | None], int] | None = None
    _waiting: deque[Task] = field(default_factory=deque)
    _running: dict[str, Task] = field(default_factory=dict)
    _refused: deque[Outcome] = field(default_factory=deque)

    def submit(self, task: Task) -> None:
        """Takes a task; gives it to a worker that has nothing to do."""
        self._waiting.append(task)
        self._feed()

    def next_outcome(self) -> Outcome:
        """Waits for a result, for a worker to be lost, or for one to come that takes what waits.

        Raises:
            SchedulerError: the scheduler is gone.
        """
        while not self._refused:
            assert self._waiting or self._running, "next_outcome is called once for each task"
            for ended in self.cluster.ended():
                self._refused.append(self._outcome(self._running.pop(ended.key), ended))
            self._feed()
        return self._refused.popleft()

    def free(self) -> int:
        """How many workers have nothing to do."""
        return 0 if self._waiting else self._room()

    def lacks(self, task: Task) -> str:
        """What none of the workers that are there has and a task needs; empty where one has it."""
        wanted, there = self._wanted(task), self.cluster.seen
        return "" if not there or any(_has(each, wanted) for each in there) else self._lack(task, wanted)

    def close(self) -> None:
        """Leaves the cluster; a candidate that runs there ends there, and nobody hears of it."""
        self.cluster.close()

    def _room(self) -> int:
        idle = len(self.cluster.idle())
        return idle if self.most is None else min(idle, max(self.most - len(self._running), 0))

    def _feed(self) -> None:
        for task in list(self._waiting):
            if not self._room():
                return
            wanted = self._wanted(task)
            member = next((each for each in self.cluster.idle() if _has(each, wanted)), None)
            if member is not None:
                self._waiting.remove(task)
                self._running[task.key] = task
                self.cluster.call(task.key, member, wanted, "search.engine.member:score", task, self.options)
            # one that was lost may come back: only what no worker ever had room for is refused
            elif not any(_has(each, wanted) for each in self.cluster.seen):
                self._waiting.remove(task)
                self._refused.append(Outcome(task.key, None, self._lack(task, wanted), repeats=True))

    def _wanted(self, task: Task) -> dict[str, float]:
        """What a worker must have for a task, by the names under which dask's workers declare it."""
        needed = 0 if self.memory is None else self.memory(task, None)
        on_gpu = str(self.options.get("device", "cpu")).startswith("cuda")
        return {"GPU": float(on_gpu), "MEMORY": float(needed)}

    def _lack(self, task: Task, wanted: Mapping[str, float]) -> str:
        if wanted["GPU"]:
            return "no worker has a GPU; expected some started with --resources GPU=1"
        most = max(each.memory or 0 for each in self.cluster.seen)
        try:
            assert self.memory is not None
            self.memory(task, most)  # its message says which batch would fit
        except OptionError as error:
            return str(error)
        return f"needs {wanted['MEMORY'] / GIB:.1f} GiB, the largest worker has {most / GIB:.1f} GiB"

    def _outcome(self, task: Task, ended: Ended) -> Outcome:
        if isinstance(ended.value, Outcome):
            return ended.value
        return Outcome(task.key, None, ended.reason)


def _has(member: Member, wanted: Mapping[str, float]) -> bool:
    fits = member.memory is None or wanted["MEMORY"] <= member.memory
    return fits and wanted["GPU"] <= member.declared.get("GPU", 0)


@engine("dask")
def dask(job: Job) -> DaskEngine:
    """The workers behind `--scheduler`.

    Raises:
        OptionError: there is no scheduler, or no worker on which the first candidate could run.
    """
    place = given(job.scheduler)
    memory = cast("Callable[[Task, int | None], int] | None", getattr(job.score, "memory", None))
    made = DaskEngine(Cluster(place, job.tell), job.options, job.workers, memory)
    if reason := made.lacks(job.first):
        made.close()
        raise OptionError(f"--scheduler {place}: {reason}")
    return made


def given(scheduler: str | None) -> str:
    """The scheduler that was given.

    Raises:
        OptionError: none was.
    """
    if scheduler is None:
        raise OptionError("--engine dask: which cluster? Expected --scheduler tcp://HOST:PORT")
    return scheduler
