"""A real cluster on this machine: a scheduler and workers, each a process that can be killed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = ("--host", "127.0.0.1", "--no-dashboard")


def until(holds: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


class Processes:
    """A scheduler and its workers; `file` says where it is. Workers are not replaced when they die."""

    def __init__(self, folder: Path, workers: int, *options: str) -> None:
        self.folder, self.file = folder, folder / "scheduler.json"
        # what a search's own module of scores is found by
        self.environment = os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
        self.scheduler = self._begun("scheduler", *HERE, "--port", "0", "--scheduler-file", str(self.file))
        until(self.file.exists)
        self.workers = [self.join(*options) for _ in range(workers)]

    def join(self, *options: str) -> subprocess.Popen[bytes]:
        """Starts one more worker."""
        alone = ("--nthreads", "1", "--no-nanny", "--scheduler-file", str(self.file))
        return self._begun("worker", *HERE, *alone, *options)

    def end(self) -> None:
        for each in (*self.workers, self.scheduler):
            each.kill()
        for each in (*self.workers, self.scheduler):
            each.wait()

    def _begun(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{kind}.log").open("ab") as log:
            line = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options]
            return subprocess.Popen(line, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
