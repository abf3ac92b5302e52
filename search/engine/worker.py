"""A worker process of the local engine: tasks come in through a pipe, outcomes go out."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path

from search.engine.base import scored
from search.score.base import Task


def work(
    pipe: Connection, environment: Mapping[str, str], options: Mapping[str, object], device: str | None
) -> None:
    """A worker's whole life: tasks in, outcomes out, until the driver is gone.

    Args:
        pipe: the worker's end of it.
        environment: the driver's; the process that this one is a copy of may be older than what is set there.
        options: of the score.
        device: the GPU, by number.
    """
    threading.Thread(target=_end_with_the_driver, daemon=True).start()
    with suppress(OSError):  # where memory runs out, the kernel ends a worker, not the driver or a bystander
        Path("/proc/self/oom_score_adj").write_text("1000")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver ends its workers itself
    os.environ.clear()
    os.environ.update(environment)
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    for task in _tasks(pipe):
        pipe.send(scored(task, options))


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
