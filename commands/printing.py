"""Prints: figures go to standard output, notes and progress to standard error."""

from __future__ import annotations

import sys

from costmodel.escape import terminal


def put(text: str) -> None:
    """Writes figures to standard output."""
    sys.stdout.write(text)


def tell(text: str) -> None:
    """Writes a line of notes or progress to standard error."""
    # names of files and layers may hold what moves a terminal's cursor; `put` gets escaped text
    print(terminal(text), file=sys.stderr)
