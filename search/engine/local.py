"""The local engine: worker processes on this machine."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import cast

from costmodel.errors import OptionError
from costmodel.free_memory import free_bytes
from search.engine.base import Job, Outcome, engine
from search.engine.begin import begin
from search.room import GIB
from search.score.base import Task

_SIGKILL = 9  # Windows has no such name


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: Task | None = None
    started: float = 0.0
    has_company: bool = False  # whether another candidate ran beside this one


@dataclass
class LocalEngine:
    """Worker processes on this machine. One that dies takes its candidate with it, and is replaced.

    Each has one thread, so that a result does not depend on how many there are. A candidate whose worker was
    killed while others ran runs alone when it is submitted again.

    Args:
        workers: how many processes.
        options: of the score.
        devices: the GPUs that the workers share.
        room: memory in bytes that all workers share, or None where it is not known.
        check: what a candidate takes of it; raises OptionError where it takes more than all.
    """

    workers: int
    options: Mapping[str, object]
    devices: int = 0
    room: int | None = None
    check: Callable[[Task, int | None], int] | None = None
    _taken: dict[str, int] = field(default_factory=dict)
    _refused: deque[Outcome] = field(default_factory=deque)
    _alone: set[str] = field(default_factory=set)
    _running: list[_Worker] = field(default_factory=list)
    _waiting: deque[Task] = field(default_factory=deque)

    def submit(self, task: Task) -> None:
        """Takes a task; starts workers up to their number."""
        try:
            self._taken[task.key] = self.check(task, self.room) if self.check else 0
        except OptionError as error:
            self._refused.append(Outcome(task.key, None, str(error), repeats=True))
            return
        self._waiting.append(task)
        if len(self._running) < min(self.workers, len(self._waiting) + self._busy()):
            self._running.append(self._start(len(self._running)))
        self._feed()

    def next_outcome(self) -> Outcome:
        """Waits for the next outcome: a worker's message, or its death."""
        if self._refused:
            return self._refused.popleft()
        while True:
            busy = [worker for worker in self._running if worker.task is not None]
            assert busy, "next_outcome is called once for each task"
            ready = set(wait([each.pipe for each in busy] + [each.process.sentinel for each in busy]))
            for worker in busy:
                if worker.pipe in ready or worker.process.sentinel in ready:
                    outcome = self._outcome_of(worker)
                    self._feed()
                    return outcome

    def free(self) -> int:
        """How many workers have nothing to do, and memory to do it in as far as the last task shows."""
        return 0 if self._waiting else self.workers - self._busy()

    def close(self) -> None:
        """Ends all workers."""
        for worker in self._running:
            worker.pipe.close()
            worker.process.kill()
        for worker in self._running:
            worker.process.join()
        self._running.clear()

    def _busy(self) -> int:
        return sum(worker.task is not None for worker in self._running)

    def _has_room(self, task: Task) -> bool:
        """Whether a task fits beside those that run; alone each does."""
        beside = [each.task.key for each in self._running if each.task is not None]
        if beside and not self._alone.isdisjoint((task.key, *beside)):
            return False
        needed = sum(self._taken[key] for key in (task.key, *beside))
        return self.room is None or not beside or needed <= self.room

    def _feed(self) -> None:
        for index, worker in enumerate(self._running):
            if worker.task is None and self._waiting and self._has_room(self._waiting[0]):
                if not worker.process.is_alive():
                    worker = self._running[index] = self._start(index)
                self._give(worker, self._waiting.popleft())

    def _give(self, worker: _Worker, task: Task) -> None:
        beside = [each for each in self._running if each.task is not None]
        worker.task, worker.started, worker.has_company = task, time.monotonic(), bool(beside)
        for each in beside:
            each.has_company = True
        with suppress(OSError):  # it died meanwhile: its sentinel tells
            worker.pipe.send(task)

    def _outcome_of(self, worker: _Worker) -> Outcome:
        task = worker.task
        assert task is not None
        worker.task = None
        self._alone.discard(task.key)
        try:
            return cast("Outcome", worker.pipe.recv())
        except (EOFError, OSError):
            return self._death_of(worker, task)

    def _death_of(self, worker: _Worker, task: Task) -> Outcome:
        """The outcome of a worker that died; another takes its place."""
        worker.process.join()
        seconds = time.monotonic() - worker.started
        index = self._running.index(worker)
        worker.pipe.close()
        self._running[index] = self._start(index)
        # Memory is shared: who is killed is not always who took it.
        is_crowded = worker.has_company and worker.process.exitcode == -_SIGKILL
        if is_crowded:
            self._alone.add(task.key)
        reason = f"the worker died: {_ending(worker.process.exitcode)}"
        return Outcome(task.key, None, reason, "", seconds, is_crowded=is_crowded)

    def _start(self, index: int) -> _Worker:
        device = str(index % self.devices) if self.devices else None
        return _Worker(*begin("search.engine.worker:work", self.options, device))


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"killed by {name}" + (", most likely since memory ran out" if name == "SIGKILL" else "")
    return f"exit code {code}"


def worker_count(wanted: int | None = None) -> int:
    """How many workers: as many as asked for, else one for each GPU, else one for each core."""
    if wanted is not None:
        return wanted
    return (
        gpu_count() or len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )


def gpu_count() -> int:
    """The GPUs of this machine, without loading a library."""
    folder = Path("/proc/driver/nvidia/gpus")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([each for each in visible.split(",") if each.strip() not in ("", "-1")])
    return len(list(folder.iterdir())) if folder.is_dir() else 0


@engine("local")
def local(job: Job) -> LocalEngine:
    """Workers on this machine, as many as its memory has room for.

    Raises:
        OptionError: there is no room for one.
    """
    room, workers = free_bytes(), worker_count(job.workers)
    check = getattr(job.score, "memory", None)
    if check is not None and room is not None:
        needed = check(job.first, room)
        if workers * needed > room:
            workers = room // needed
            job.tell(
                f"note: {workers} worker{'s' * (workers > 1)}: training the start takes "
                f"{needed / GIB:.1f} GiB in each, {room / GIB:.1f} GiB are free"
            )
    return LocalEngine(workers, dict(job.options), gpu_count(), room, check)
