"""What a video network costs on a live stream, frame by frame, and which network is best under that cost."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.2.0"

if TYPE_CHECKING:
    from typing import Protocol

    from costmodel.analysis.cost import Analysis
    from costmodel.answer import Answer
    from costmodel.errors import CostModelError
    from costmodel.graph import Graph, Node
    from costmodel.importers import from_torch
    from costmodel.network import Network
    from costmodel.python import Given, analyze, continual
    from costmodel.spec import load
    from costmodel.types import TensorType

    class Call(Protocol):
        """A command as a function; `help(costmodel.solve)` tells its options."""

        def __call__(self, *networks: Given, **options: object) -> Answer: ...

    bench: Call
    check: Call
    compare: Call
    diagnose: Call
    diff: Call
    evaluate: Call
    search: Call
    solve: Call
    sweep: Call
    train: Call
    validate: Call

__all__ = [
    "Analysis",
    "Answer",
    "CostModelError",
    "Graph",
    "Network",
    "Node",
    "TensorType",
    "__version__",
    "analyze",
    "bench",
    "check",
    "compare",
    "continual",
    "diagnose",
    "diff",
    "evaluate",
    "from_torch",
    "load",
    "search",
    "solve",
    "sweep",
    "train",
    "validate",
]

# Where each name stands; loaded when it is asked for, so that a list of commands waits for none of them
_COMMANDS = "commands.python"
_PLACES = {
    "Analysis": "costmodel.analysis.cost",
    "Answer": "costmodel.answer",
    "CostModelError": "costmodel.errors",
    "Graph": "costmodel.graph",
    "Network": "costmodel.network",
    "Node": "costmodel.graph",
    "TensorType": "costmodel.types",
    "analyze": "costmodel.python",
    "bench": _COMMANDS,
    "check": _COMMANDS,
    "compare": _COMMANDS,
    "continual": "costmodel.python",
    "diagnose": _COMMANDS,
    "diff": _COMMANDS,
    "evaluate": _COMMANDS,
    "from_torch": "costmodel.importers",
    "load": "costmodel.network",  # which knows the sizes that transforms add, for axes to move
    "search": _COMMANDS,
    "solve": _COMMANDS,
    "sweep": _COMMANDS,
    "train": _COMMANDS,
    "validate": _COMMANDS,
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'costmodel' has no attribute {name!r}")
    value: object = getattr(import_module(_PLACES[name]), name)
    globals()[name] = value  # the next time Python finds it without asking here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
