"""What a video network costs on a live stream, frame by frame, and which network is best under that cost."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from costmodel.analysis.cost import Analysis, analyze
    from costmodel.errors import CostModelError
    from costmodel.graph import Graph, Node
    from costmodel.importers import from_torch
    from costmodel.spec import load
    from costmodel.transforms.continual import continual
    from costmodel.types import TensorType

__all__ = [
    "Analysis",
    "CostModelError",
    "Graph",
    "Node",
    "TensorType",
    "__version__",
    "analyze",
    "continual",
    "from_torch",
    "load",
]

# Where each name stands; loaded when it is asked for, so that a list of commands waits for none of them
_PLACES = {
    "Analysis": "costmodel.analysis.cost",
    "CostModelError": "costmodel.errors",
    "Graph": "costmodel.graph",
    "Node": "costmodel.graph",
    "TensorType": "costmodel.types",
    "analyze": "costmodel.analysis.cost",
    "continual": "costmodel.transforms.continual",
    "from_torch": "costmodel.importers",
    "load": "costmodel.network",  # which knows the sizes that transforms add, for axes to move
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'costmodel' has no attribute {name!r}")
    value: object = getattr(import_module(_PLACES[name]), name)
    globals()[name] = value  # the next time Python finds it without asking here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
