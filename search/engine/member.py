"""What a worker of a cluster runs: it says what it has installed, and scores a candidate."""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import threading
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from costmodel import __version__, own
from costmodel.errors import DataError
from search.engine.base import Outcome, scored
from search.score.base import Score, Task

# Torch's random numbers are one stream for a process: two candidates side by side would mix them, where two
# searches share a worker of several threads.
_ALONE = threading.Lock()


@cache
def installed() -> Mapping[str, str]:
    """What a score depends on beside its task: this package to the last file, PyTorch and Python."""
    try:
        torch = metadata.version("torch")
    except metadata.PackageNotFoundError:
        torch = "missing"
    return {
        "costmodel": f"{__version__} ({_files()})",
        "torch": torch,
        "Python": ".".join(platform.python_version_tuple()[:2]),
    }


def run(sent: bytes) -> object:
    """Calls one of our functions; the name and the arguments are pickled, so that ours are found here too."""
    function, *arguments = pickle.loads(sent)
    with _ALONE:
        return own.call(function, *arguments)


def score(task: Task, options: Mapping[str, object]) -> Outcome:
    """One attempt at a candidate, in one thread, as the local engine's workers make it."""
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"  # read when torch is loaded
    return scored(task, options, _must_have_its_data)


def _must_have_its_data(made: Score, task: Task) -> None:
    """Raises where a folder of this machine's holds other clips than that of the search."""
    data, wanted = getattr(made, "data", None), task.recipe.get("data")
    if data is not None and wanted is not None and data.key != wanted:
        raise DataError(f"the data is {data.key} on this worker, expected {wanted}")


def _files() -> str:
    """A short digest of our own sources: a checkout of another revision has the same version number."""
    digest = hashlib.sha256()
    for package in ("costmodel", "search"):
        for path in sorted((own.HERE / package).rglob("*.py"), key=Path.as_posix):
            digest.update(path.relative_to(own.HERE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:8]
