"""Prints: figures go to standard output, notes and progress to standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from commands.heading import heading
from costmodel.escape import terminal

if TYPE_CHECKING:  # help and the list of commands print too, and make no table
    from reports.table import Page


def put(text: str) -> None:
    """Writes figures to standard output."""
    sys.stdout.write(text)


def show(page: Page, format: str) -> None:
    """Writes a page of figures to standard output; as JSON under what says where they come from."""
    put(page.render(format, heading))


def tell(text: str) -> None:
    """Writes a line of notes or progress to standard error."""
    # names of files and layers may hold what moves a terminal's cursor; `put` gets escaped text
    print(terminal(text), file=sys.stderr)
