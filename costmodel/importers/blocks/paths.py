"""The modules of a network whose layers tell theirs by their names alone, as those of ONNX files do."""

from __future__ import annotations

import re

from costmodel.graph import Graph
from costmodel.importers.blocks.modules import Owners


def owners_by_name(graph: Graph) -> Owners:
    """The modules that each layer stands in: `res1.0.gate` for `res1.0.gate.fc1`, and what holds it."""
    children: dict[str, set[str]] = {}
    for node in graph.nodes:
        for path in _paths(node.name):
            children.setdefault(path, set()).add(node.name.removeprefix(f"{path}.").partition(".")[0])
    # What holds numbered things alone only counts them.
    modules = {path for path, names in children.items() if not all(name.isdecimal() for name in names)}
    return {
        node.name: [(path, _kind(path)) for path in _paths(node.name) if path in modules]
        for node in graph.nodes
    }


def _paths(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _kind(path: str) -> str:
    """What stands for a class: a module's name without numbers, or that of the row in which it stands."""
    named = [part for part in path.split(".") if not part.isdecimal()]
    return re.sub(r"[\d_]+$", "", named[-1]) if named else "block"
