"""Which `search`, `reports` and `commands` are meant: ours, whatever a user's folder holds.

A user's file may bear such a name and stand first on the search path. Whatever enters the packages beside
this one calls `claim` first: the entry point, and the start of every worker process.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from costmodel.errors import CostModelError

NAMES = frozenset({"search", "reports", "commands"})
HERE = Path(__file__).resolve().parents[1]


class NameTakenError(CostModelError):
    """A module of the user's bears the name of one of ours and is loaded already."""


class _Finder:
    """Finds our packages ahead of everything on the search path."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        # None lets the next finder try, as Python's import protocol has it.
        return PathFinder.find_spec(name, [str(HERE)]) if name in NAMES else None


def claim() -> None:
    """From here on `import search`, `import reports` and `import commands` give the packages beside this one.

    Raises:
        NameTakenError: another module of such a name is loaded already; names its file.
    """
    for name in sorted(NAMES & sys.modules.keys()):
        _check(name, sys.modules[name])
    # Once: commands and workers call this again in the same process.
    if not any(each is _Finder for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder)


def call(function: str, *arguments: object) -> object:
    """Calls one of our functions, `search.engine.local:work`, in a process that has just begun."""
    claim()
    module, _, name = function.partition(":")
    called: Callable[..., object] = getattr(importlib.import_module(module), name)
    return called(*arguments)


@contextmanager
def without_main() -> Iterator[None]:
    """Processes that start inside call our functions alone, and do not run the user's script again first.

    Python imports the script into each new process, where one without `if __name__ == "__main__"` begins its
    own work once more, or ends the process.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _check(name: str, module: ModuleType) -> None:
    file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
    if file is None or not Path(file).resolve().is_relative_to(HERE / name):
        raise NameTakenError(
            f"{file or name}: is loaded as {name!r}, the name of a package of costmodel; rename it, or use a "
            "process of its own"
        )
