"""How much of a network's structure is like another's, its sizes aside."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields

from costmodel.graph import INPUT, Graph
from costmodel.ops import Op

SIZES = frozenset({"channels", "groups", "rate", "eps"})  # of an op; `groups` is told by its kind


def kinds_of(graph: Graph) -> Hashable:
    """The kinds of layers, each with its options but sizes."""
    return graph.name.partition(" ")[0], frozenset(_option(node.op) for node in graph.nodes)


def structure_of(graph: Graph) -> Hashable:
    """The graph itself: the kind of every layer, and by number what it reads."""
    places = {INPUT: -1} | {node.name: number for number, node in enumerate(graph.nodes)}
    return tuple((_option(node.op), tuple(places[name] for name in node.inputs)) for node in graph.nodes)


def _option(value: object) -> Hashable:
    """An op with the ops in it, without sizes; any other value is as it is."""
    if not isinstance(value, Op):
        return value if isinstance(value, Hashable) else repr(value)
    options = {each.name: getattr(value, each.name) for each in fields(value)}
    groups, channels = options.get("groups", 1), options.get("channels")
    joined = "all" if groups == 1 else "none" if groups == channels else "some"
    kept = ((name, _option(option)) for name, option in options.items() if name not in SIZES)
    return type(value).__name__, joined, *kept
