"""The entry point: `costmodel COMMAND`, or `python -m costmodel COMMAND`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from costmodel.own import NameTakenError, claim


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; 0 done, 1 the answer is no, 2 the input was wrong, 130 interrupted, 141 cut off."""
    # Modules, specs and graphs stay to the end: to search them for garbage after every 700th object that is
    # made, as Python does unless told, takes `analyze` a twentieth of its time.
    gc.set_threshold(100_000)
    try:
        claim()
    except NameTakenError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    from commands.run import run  # once it is clear whose `commands` that is

    return run(sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
