"""The command line of a checkout: `python cli.py COMMAND`, which is `python -m costmodel COMMAND`."""

from __future__ import annotations

import sys

from costmodel.__main__ import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
