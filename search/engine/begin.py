"""How worker processes begin: as copies of one that has loaded what they need, where the system can copy."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess

from costmodel import own

LOADED = ["costmodel.claimed", "search.train.loaded"]
_HAS_MASKS = hasattr(signal, "pthread_sigmask")  # not on Windows


def begin(function: str, *arguments: object) -> tuple[BaseProcess, Connection]:
    """A process that calls one of our functions with the end of a pipe, and the other end.

    Args:
        function: `module:function`, called with the pipe, the environment of this process, then `arguments`.
        arguments: what is sent to it.
    """
    context = _context()
    ours, theirs = context.Pipe()
    process = context.Process(
        target=own.call, args=(function, theirs, dict(os.environ), *arguments), daemon=True
    )
    with _held_back(), own.without_main():
        process.start()
    theirs.close()
    return process, ours


def load_ahead() -> None:
    """Loads what workers need while this process goes on; without it the first of them does."""
    if isinstance(_context(), ForkServerContext):
        from multiprocessing import forkserver  # not on Windows

        with _held_back():
            forkserver.ensure_running()


def _context() -> ForkServerContext | SpawnContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    return context


@contextmanager
def _held_back() -> Iterator[None]:
    """Holds Ctrl-C back, for a process that starts too: it would tell of it before it can ignore it.

    What it loads ahead of its first call is found beside this package, installed or not.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if _HAS_MASKS else None
    path = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(own.HERE), *([path] if path else [])])
    try:
        yield
    finally:
        if path is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = path
        if before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
