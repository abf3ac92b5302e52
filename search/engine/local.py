"""Where candidates run: one small interface, and its form for one machine, with worker processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Protocol, cast

from costmodel import own
from costmodel.errors import CostModelError, OptionError
from search.score.base import Result, Score, Task, checked, score_named

LONGEST_LOG = 20_000
_HAS_MASKS = hasattr(signal, "pthread_sigmask")  # not on Windows


@dataclass(frozen=True)
class Outcome:
    """How one attempt at a candidate ended: with a result, or with the reason why not."""

    key: str
    result: Result | None
    reason: str = ""
    log: str = ""
    seconds: float = 0.0
    repeats: bool = False  # whether another attempt would fail alike


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


def attempt(score: Score, task: Task) -> Outcome:
    """One attempt at a candidate, in this process; any exception is a failed attempt."""
    started = time.monotonic()
    try:
        result = checked(score(task))
    except MemoryError:
        return Outcome(task.key, None, "out of memory", _log(), time.monotonic() - started)
    except Exception as error:  # whatever a score raises is the candidate's failure, not the search's
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]
        repeats = isinstance(error, CostModelError)  # seeds are the same, and so is what the score found
        return Outcome(task.key, None, reason, _log(), time.monotonic() - started, repeats)
    return Outcome(task.key, result, "", result.log, time.monotonic() - started)


def _log() -> str:
    return traceback.format_exc()[-LONGEST_LOG:]


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    task: Task | None = None
    started: float = 0.0


@dataclass
class LocalEngine:
    """Worker processes on this machine. One that dies takes its candidate with it, and is replaced.

    Each has one thread, so that a result does not depend on how many there are.

    Args:
        workers: how many processes.
        options: of the score.
        devices: the GPUs that the workers share.
        room: memory in bytes that all workers share, or None where it is not known.
        check: what a candidate takes of it; raises OptionError where it takes more than all.
    """

    workers: int
    options: dict[str, Any]
    devices: int = 0
    room: int | None = None
    check: Callable[[Task, int | None], int] | None = None
    _taken: dict[str, int] = field(default_factory=dict)
    _refused: deque[Outcome] = field(default_factory=deque)
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
        beside = [self._taken[each.task.key] for each in self._running if each.task is not None]
        return self.room is None or not beside or sum(beside) + self._taken[task.key] <= self.room

    def _feed(self) -> None:
        for index, worker in enumerate(self._running):
            if worker.task is None and self._waiting and self._has_room(self._waiting[0]):
                if not worker.process.is_alive():
                    worker = self._running[index] = self._start(index)
                worker.task = self._waiting.popleft()
                worker.started = time.monotonic()
                try:
                    worker.pipe.send(worker.task)
                except OSError:  # it died meanwhile: its sentinel tells
                    continue

    def _outcome_of(self, worker: _Worker) -> Outcome:
        task = worker.task
        assert task is not None
        worker.task = None
        try:
            return cast("Outcome", worker.pipe.recv())
        except (EOFError, OSError):
            worker.process.join()
            seconds = time.monotonic() - worker.started
            index = self._running.index(worker)
            worker.pipe.close()
            self._running[index] = self._start(index)
            return Outcome(
                task.key, None, f"the worker died: {_ending(worker.process.exitcode)}", "", seconds
            )

    def _start(self, index: int) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        device = str(index % self.devices) if self.devices else None
        process = context.Process(
            target=own.call, args=(f"{__name__}:_work", theirs, self.options, device), daemon=True
        )
        with _held_back():
            process.start()
        theirs.close()
        return _Worker(process, ours)


@contextmanager
def _held_back() -> Iterator[None]:
    """Holds Ctrl-C back, for a worker that starts too: it would tell of it before it can ignore it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if _HAS_MASKS else None
    try:
        yield
    finally:
        if before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"killed by {name}" + (", most likely since memory ran out" if name == "SIGKILL" else "")
    return f"exit code {code}"


def _work(pipe: Connection, options: dict[str, Any], device: str | None) -> None:
    """A worker's whole life: tasks in, outcomes out, until the driver is gone."""
    threading.Thread(target=_end_with_the_driver, daemon=True).start()
    with suppress(OSError):  # where memory runs out, the kernel ends a worker, not the driver or a bystander
        Path("/proc/self/oom_score_adj").write_text("1000")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver ends its workers itself
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    for task in _tasks(pipe):
        try:
            score = score_named(task.score, options)
        except Exception as error:  # a score that cannot be loaded here fails its candidates
            pipe.send(Outcome(task.key, None, f"{type(error).__name__}: {error}", _log()))
            continue
        pipe.send(attempt(score, task))


def _tasks(pipe: Connection) -> Iterator[Task]:
    while True:
        try:
            yield pipe.recv()
        except (EOFError, OSError):
            return


def _end_with_the_driver() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


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
