"""Ends a command cleanly at Ctrl-C or SIGTERM: all is closed, and a line says how to continue."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from commands.printing import tell

ASKED = (signal.SIGINT, signal.SIGTERM)


class Left(Exception):  # noqa: N818
    """A command that was asked to leave has closed all; its exit code is 128 and the signal's number."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@contextmanager
def leaving(told: Callable[[], str]) -> Iterator[None]:
    """Ends the command at SIGINT (Ctrl-C) or SIGTERM, exit code 130 or 143, when what is inside is closed.

    Args:
        told: how to go on, asked for when all is closed.
    """
    caught: list[int] = []

    def leave(number: int, _: FrameType | None) -> None:
        for each in ASKED:  # once is enough: a second Ctrl-C must not disturb the closing
            signal.signal(each, signal.SIG_IGN)
        caught.append(number)
        # it passes through every `with` on its way out, so that workers and files are closed
        raise KeyboardInterrupt

    heard = [each for each in ASKED if signal.getsignal(each) != signal.SIG_IGN]  # `nohup` ignores some
    before = {each: signal.signal(each, leave) for each in heard}
    try:
        yield
    except KeyboardInterrupt:
        tell(f"interrupted; {told()}")
        # As shells have it: 128 and the number of the signal.
        raise Left(128 + (caught[0] if caught else signal.SIGINT)) from None
    finally:
        # in a test or a notebook the process goes on, with its own handlers
        for each, handler in before.items():
            signal.signal(each, handler)
