"""Processes that decode clips while the network learns from those before."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from fractions import Fraction
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess

import numpy as np

from costmodel import own
from costmodel.errors import DataError
from search.video.cache import Cache
from search.video.decode import Decoded
from search.video.recording import Box, Recording, taken

Pending = Callable[[], "Given"]


@dataclass(frozen=True)
class Job:
    """A clip to be decoded."""

    clip: Recording
    moments: tuple[Fraction, ...]
    box: Box
    cache: Cache | None


@dataclass(frozen=True)
class Given:
    """A decoded clip (time, height, width, 3), or black frames and why."""

    frames: np.ndarray
    decoded: int = 0
    missing: int = 0
    broken: int = 0
    failure: str = ""


def decode(job: Job) -> Given:
    """The frames of one clip; black ones where it cannot be decoded any more."""
    try:
        take = taken if job.cache is None else job.cache.taken
        found: Decoded = take(job.clip, job.moments, job.box)
        return Given(np.stack(found.frames), found.decoded, found.missing, found.broken)
    # whatever a decoder raises on one file of thousands must not end a training
    except Exception as error:
        return black(job, str(error) if isinstance(error, DataError) else f"{job.clip.path}: {error}")


def black(job: Job, failure: str) -> Given:
    """What stands for a clip that cannot be decoded."""
    return Given(np.zeros((len(job.moments), *job.box[2:], 3), np.uint8), failure=failure)


@dataclass
class Decoders:
    """Decodes clips, in processes of its own or in this one.

    Args:
        workers: how many processes; with 0 a clip is decoded when it is asked for.
        cache: where decoded clips are stored.
    """

    workers: int = 0
    cache: Cache | None = None
    _pool: ProcessPoolExecutor | None = field(default=None, repr=False)

    def submit(self, clips: Sequence[tuple[Recording, tuple[Fraction, ...], Box]]) -> list[Pending]:
        """Begins to decode clips; each is there when what stands for it is called."""
        jobs = [Job(*clip, self.cache) for clip in clips]
        if not self.workers:
            return [lambda job=job: decode(job) for job in jobs]  # type: ignore[misc]
        try:
            futures = [self._running().submit(decode, job) for job in jobs]
        except BrokenProcessPool:
            self._pool = None
            futures = [self._running().submit(decode, job) for job in jobs]
        return [lambda f=f, j=j: self._result(f, j) for f, j in zip(futures, jobs, strict=True)]  # type: ignore[misc]

    def close(self) -> None:
        """Ends the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = _pool(self.workers)
        return self._pool

    def _result(self, future: Future[Given], job: Job) -> Given:
        try:
            return future.result()
        except BrokenProcessPool:
            self._pool = None
        # A file may crash the decoder, and takes what was decoded beside it along: each again, by itself.
        with _pool(1) as alone:
            try:
                return alone.submit(decode, job).result()
            except BrokenProcessPool:
                return black(job, f"{job.clip.path}: ends the process that decodes it")


class _Process(SpawnProcess):
    """Not forked: a copy of a process whose threads hold locks may never wake up."""

    def start(self) -> None:
        with own.without_main():
            super().start()


class _Context(SpawnContext):
    Process = _Process


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, _Context(), own.call, ("search.video.decoders:begin",))


def begin() -> None:
    """The start of a decoding process: it ends with the one that it decodes for, and not by Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
