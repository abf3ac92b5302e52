"""Prints: figures go to standard output, notes and progress to standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from commands.heading import heading, missing
from commands.streams import unless_cut
from costmodel.answer import Answer
from costmodel.escape import terminal

if TYPE_CHECKING:  # help and the list of commands print too, and make no table
    from reports.table import Page


NARROW = 40  # no terminal is narrower


def put(text: str) -> None:
    """Writes a whole answer; where its reader has left, the command goes on to its exit code."""
    with unless_cut():
        put_more(text)


def put_more(text: str) -> None:
    """Writes a part of an answer that goes on; where its reader has left, that ends the command."""
    sys.stdout.write(text)


def show(page: Page, format: str) -> None:
    """Writes a page of figures to standard output; as JSON under what says where they come from."""
    pages = _collected.get()
    if pages is None:
        put(page.render(format, heading))
    else:
        pages.append(Collected(page, heading()))


@dataclass(frozen=True)
class Collected:
    """A page that a function of Python gives back, and what stands ahead of it in JSON."""

    page: Page
    heading: Mapping[str, object]

    def answer(self, holds: bool) -> Answer:
        """The page as an answer."""
        data = self.page.data()
        keys = data if isinstance(data, Mapping) else {"rows": data}

        def rows() -> tuple[Sequence[Mapping[str, object]], Sequence[str]]:
            table = self.page.table()
            return table.rows, table.columns

        return Answer({**self.heading, **keys}, self.page.render, rows, holds)


_collected: ContextVar[list[Collected] | None] = ContextVar("collected", default=None)


@contextmanager
def collected() -> Iterator[list[Collected]]:
    """What is shown inside is collected, not printed."""
    pages: list[Collected] = []
    token = _collected.set(pages)
    try:
        yield pages
    finally:
        _collected.reset(token)


def tell_missing() -> None:
    """Writes which layers the figures of the command's networks leave out, if any."""
    if missing():
        names = ", ".join(missing())
        tell(f"note: partial: nothing is known of {names} but its shape, and all totals leave it out")


def tell(text: str) -> None:
    """Writes a line of notes or progress to standard error, in a terminal broken between words."""
    # names of files and layers may hold what moves a terminal's cursor; `put` gets escaped text
    print(wrapped(terminal(text), sys.stderr), file=sys.stderr)


def wrapped(text: str, stream: TextIO) -> str:
    """Lines no longer than a terminal is wide; for a log, which may be searched, as they are."""
    if len(text) < NARROW or not stream.isatty():
        return text
    from shutil import get_terminal_size
    from textwrap import TextWrapper

    fitted = TextWrapper(get_terminal_size().columns, break_long_words=False, break_on_hyphens=False)
    lines = []
    for line in text.split("\n"):
        fitted.subsequent_indent = " " * (len(line) - len(line.lstrip()))
        lines.append(fitted.fill(line))
    return "\n".join(lines)


@contextmanager
def progress_line() -> Iterator[Callable[[str], None] | None]:
    """What writes one line of progress over and over, gone at the end; None where no terminal reads it."""
    from shutil import get_terminal_size  # three milliseconds

    # in a log each carriage return would be a line
    if not sys.stderr.isatty():
        yield None
        return
    # a line that fills the terminal would wrap, and its first part stay
    width = get_terminal_size().columns - 1

    def write(text: str) -> None:
        print(f"\r{terminal(text)[:width]:{width}}", end="", file=sys.stderr, flush=True)

    try:
        yield write
    finally:
        write("")
        print("\r", end="", file=sys.stderr, flush=True)
