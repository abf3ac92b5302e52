"""Where a command's words go: figures on standard output, notes and progress on standard error."""

from __future__ import annotations

import sys


def put(text: str) -> None:
    """Writes what was asked for."""
    sys.stdout.write(text)


def tell(text: str) -> None:
    """Tells something beside it, a line."""
    print(text, file=sys.stderr)
