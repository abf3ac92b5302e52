"""Where a command's words go: figures on standard output, notes and progress on standard error."""

from __future__ import annotations

import sys

from costmodel.escape import terminal


def put(text: str) -> None:
    """Writes what was asked for."""
    sys.stdout.write(text)


def tell(text: str) -> None:
    """Tells something beside it, a line."""
    # names of files and layers may hold what moves a terminal's cursor; `put` gets escaped text
    print(terminal(text), file=sys.stderr)
