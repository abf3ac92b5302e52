"""In which order a group runs its layers and the groups in it, and which edges each takes and gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from costmodel.emit.source.tree import Group, Line
from costmodel.graph import Graph

if TYPE_CHECKING:
    import networkx

Access = tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """What a group runs at once: one layer, or a whole group.

    Args:
        part: the layer or group.
        access: the names that lead to it from the group that runs it.
        inputs: the edges that it reads from outside.
        outputs: the edges that others read from it.
        first: the number of its first layer in the graph.
    """

    part: Line | Group
    access: Access
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    first: int

    @property
    def nodes(self) -> Iterable[str]:
        """The names of its layers."""
        return self.part.nodes if isinstance(self.part, Group) else (self.part.node,)


@dataclass(frozen=True)
class Order:
    """The items of a group in the order in which they run, and the edges that cross its border.

    Args:
        items: what runs, in order.
        inputs: edges from outside.
        outputs: edges that are read outside.
        opened: prefixes of groups whose layers run one by one, as others run between them.
    """

    items: tuple[Item, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    opened: frozenset[Access]

    @cached_property
    def is_chain(self) -> bool:
        """Whether each item reads the one before and nothing else, and only the last is read outside."""
        edges = [self.inputs, *(item.outputs for item in self.items)]
        return (
            not self.opened
            and all(
                len(edge) == 1 and edge == item.inputs for edge, item in zip(edges, self.items, strict=False)
            )
            and self.outputs == edges[-1]
            and all(len(edge) == 1 for edge in edges)
        )


class Orders:
    """The orders of the groups of a graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._number = {node.name: number for number, node in enumerate(graph.nodes)}
        self._found: dict[Access, Order] = {}

    def of(self, group: Group) -> Order:
        """The order of a group, in which a group in it runs at once wherever nothing must run in between."""
        if group.path not in self._found:
            self._found[group.path] = self._order(group)
        return self._found[group.path]

    def _order(self, group: Group) -> Order:
        import networkx as nx

        # A list has no `forward`: where its groups are no chain, the group above must run them.
        opened = set(self._broken_lists(group, ()))
        while True:
            items = list(self._items(group, (), opened))
            runs = self._reads(items)
            # Items that wait for one another: a group that must stop halfway for a layer outside. Opened, its
            # layers run from above, until no items are left that do.
            knots = [knot for knot in nx.strongly_connected_components(runs) if len(knot) > 1]
            if not knots:
                break
            for at in set().union(*knots):
                part = items[at].part
                if isinstance(part, Group):
                    opened |= {items[at].access, *self._broken_lists(part, items[at].access)}
        # Of all orders that work the one nearest to the spec's.
        order = nx.lexicographical_topological_sort(runs, key=lambda at: items[at].first)
        nodes = group.nodes
        return Order(
            tuple(items[at] for at in order), self._inputs(nodes), self._outputs(nodes), frozenset(opened)
        )

    def _broken_lists(self, group: Group, access: Access) -> Iterable[Access]:
        """The numbered groups in a group that are no chain: something else reads one of their groups."""
        for name, inner in group.groups.items():
            if inner.is_list and not self.of(inner).is_chain:
                yield (*access, name)
                yield from self._broken_lists(inner, (*access, name))

    def _items(self, group: Group, access: Access, opened: set[Access]) -> Iterable[Item]:
        for line in group.lines:
            yield self._item(line, (*access, line.name), (line.node,))
        for name, inner in group.groups.items():
            path = (*access, name)
            if path in opened:
                yield from self._items(inner, path, opened)
            else:
                yield self._item(inner, path, inner.nodes)

    def _item(self, part: Line | Group, access: Access, nodes: Iterable[str]) -> Item:
        first = min(self._number[name] for name in nodes)
        return Item(part, access, self._inputs(nodes), self._outputs(nodes), first)

    def _reads(self, items: list[Item]) -> networkx.DiGraph[int]:
        """Which item reads which."""
        import networkx as nx

        holder = {name: at for at, item in enumerate(items) for name in item.nodes}
        runs: nx.DiGraph[int] = nx.DiGraph()
        runs.add_nodes_from(range(len(items)))
        for at, item in enumerate(items):
            runs.add_edges_from((holder[name], at) for name in item.inputs if name in holder)
        return runs

    def _inputs(self, nodes: Iterable[str]) -> tuple[str, ...]:
        inside = set(nodes)
        ordered = sorted(inside, key=self._number.__getitem__)
        read = (name for node in ordered for name in self._graph.by_name[node].inputs)
        return tuple(dict.fromkeys(name for name in read if name not in inside))

    def _outputs(self, nodes: Iterable[str]) -> tuple[str, ...]:
        """The edges that are read outside; the last where none is."""
        inside, ordered = set(nodes), sorted(nodes, key=self._number.__getitem__)
        readers: Mapping[str, tuple[str, ...]] = self._graph.consumers
        found = [
            name
            for name in ordered
            if name == self._graph.output or any(reader not in inside for reader in readers[name])
        ]
        return tuple(found or ordered[-1:])
