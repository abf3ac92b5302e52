"""The modules of an import that a spec may call as blocks: each is fed at one place and read at one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from costmodel.graph import Graph
from costmodel.importers.naming import plain

CONTAINERS = "torch.nn.modules.container."
# The path and the class of each module that a layer stands in, the outermost first.
Owners = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Module:
    """A module whose layers stand one behind the other.

    Args:
        path: its path in the network.
        kind: its class, with the class's module.
        start: the place of its first layer among all.
        stop: the place behind its last one.
        source: the edge that it reads.
    """

    path: str
    kind: str
    start: int
    stop: int
    source: str


def modules_of(graph: Graph, owners: Owners) -> tuple[Module, ...]:
    """The modules that can be blocks, the inner ones ahead of those that hold them."""
    places: dict[tuple[str, str], list[int]] = {}
    for place, node in enumerate(graph.nodes):
        for path, kind in owners.get(node.name, ()):
            if _may_be_block(path, kind):
                places.setdefault((path, kind), []).append(place)
    readers = _last_readers(graph)
    found = [_module(graph, readers, *owner, at) for owner, at in places.items()]
    return _inner_first([each for each in found if each is not None])


def _may_be_block(path: str, kind: str) -> bool:
    # torch marks a module's second call by @; its layers have other names than those of its first.
    return bool(path) and "@" not in path and not kind.startswith(CONTAINERS)


def _last_readers(graph: Graph) -> dict[str, int]:
    """The last place that reads each layer."""
    return {source: place for place, node in enumerate(graph.nodes) for source in node.inputs}


def _module(
    graph: Graph, readers: Mapping[str, int], path: str, kind: str, at: Sequence[int]
) -> Module | None:
    start, stop = at[0], at[-1] + 1
    inside = graph.nodes[start:stop]
    if len(at) < 2 or len(at) != stop - start:
        return None
    if not all(node.name.startswith(f"{plain(path)}.") for node in inside):
        return None
    own = {node.name for node in inside}
    sources = {source for node in inside for source in node.inputs} - own
    is_read_inside = any(readers.get(node.name, 0) >= stop for node in inside[:-1])
    return None if len(sources) != 1 or is_read_inside else Module(path, kind, start, stop, *sources)


def _inner_first(modules: Sequence[Module]) -> tuple[Module, ...]:
    """Classes that stand in others ahead of those; without classes that stand in themselves."""
    holds: dict[str, set[str]] = {each.kind: set() for each in modules}
    for outer in modules:
        holds[outer.kind] |= {inner.kind for inner in modules if is_inside(inner, outer)}
    try:
        order = list(TopologicalSorter(holds).static_order())
    except CycleError:
        holds = {kind: inner for kind, inner in holds.items() if kind not in _reached(kind, holds)}
        order = [kind for kind in TopologicalSorter(holds).static_order() if kind in holds]
    kept = [each for each in modules if each.kind in order]
    return tuple(sorted(kept, key=lambda each: (order.index(each.kind), each.start)))


def is_inside(inner: Module, outer: Module) -> bool:
    """Whether a module stands in another."""
    return inner.path.startswith(f"{outer.path}.")


def _reached(kind: str, holds: Mapping[str, set[str]]) -> set[str]:
    found, waiting = set[str](), list(holds[kind])
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += holds[each]
    return found
