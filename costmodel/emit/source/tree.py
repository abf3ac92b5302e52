"""A graph as a tree, by the parts of its layers' names: `res2.0.main.a` stands in `res2`, `0` and `main`."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import takewhile

from costmodel.emit.modules.written import Written
from costmodel.emit.source.layers import blocks_of, layers_of, prefixes
from costmodel.errors import EmitError
from costmodel.graph import INPUT, Block, Graph

Path = tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """One layer.

    Args:
        node: its name in the graph.
        name: its own name in its group.
        beside: the name of what stands ahead of it there: the window of its frames, or their padding.
        form: how it is written.
        inputs: the edges that it reads.
    """

    node: str
    name: str
    beside: str
    form: Written
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Layers whose names share a prefix, and the groups among them.

    Args:
        path: the prefix; empty for the whole network.
        block: what the spec calls it, where it is a block of the spec.
        word: the block's name, or its own behind that of the block that it stands in.
        lines: its own layers, in order.
        groups: the groups in it, by name.
        nodes: the names of all layers in it.
    """

    path: Path
    block: Block | None
    word: str
    lines: tuple[Line, ...]
    groups: Mapping[str, Group]
    nodes: frozenset[str]

    @property
    def name(self) -> str:
        """Its own name in the group that it stands in."""
        return self.path[-1] if self.path else ""

    @property
    def is_list(self) -> bool:
        """Whether it holds nothing but groups numbered from 0."""
        return not self.lines and is_numbered(self.groups)

    def walk(self) -> Iterable[Group]:
        """All groups in it and itself, the innermost first."""
        for each in self.groups.values():
            yield from each.walk()
        yield self


def is_numbered(names: Iterable[str]) -> bool:
    """Whether names are the numbers from 0 on, in order."""
    found = list(names)
    return bool(found) and found == [*map(str, range(len(found)))]


@dataclass
class _Place:
    """Where layers of one prefix gather."""

    nodes: list[str] = field(default_factory=list)
    inside: dict[str, _Place] = field(default_factory=dict)


def tree_of(graph: Graph) -> Group:
    """The tree of a graph.

    Raises:
        EmitError: a layer with weights stands inside another's name, or an op cannot be written.
    """
    homes = _homes(graph)
    root = _Place()
    for node in graph.nodes:
        place = root
        for part in homes[node.name]:
            place = place.inside.setdefault(part, _Place())
        place.nodes.append(node.name)
    return _Grower(graph).group((), root, "")


def _homes(graph: Graph) -> Mapping[str, Path]:
    """The prefix under which each layer stands in the tree."""
    branched = _branched(graph)
    homes = {node.name: _home(graph, node.name, branched) for node in graph.nodes}
    for node in graph.nodes:
        # Weights keep their places, as checkpoints name them; what has none may stand where it reads best.
        if has_weights(graph, node.name) or not _behind_layer(graph, node.name, branched):
            continue
        # A wait that a transform put in stands where it is read, which need not be where its name says.
        met = [name for name in (*node.inputs, *graph.consumers[node.name]) if name != INPUT]
        shared = reduce(_shared, [homes[name] for name in met]) if INPUT not in node.inputs else ()
        if shared[: len(homes[node.name])] == homes[node.name]:
            homes[node.name] = shared
    return homes


def _shared(one: Path, other: Path) -> Path:
    """What two prefixes have in common."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return tuple(part for part, _ in pairs)


def _branched(graph: Graph) -> frozenset[str]:
    """The merges that have a name, under which their branches stand: each is the last layer of a group."""
    weighted = [node.name for node in graph.nodes if has_weights(graph, node.name)]
    found = {prefix: name for name in weighted for prefix in prefixes(name) if prefix in graph.by_name}
    # A name can be a group or a layer with weights, not both:
    # the layer's own tensors would clash with those in it.
    for prefix, name in found.items():
        if has_weights(graph, prefix):
            raise EmitError(f"{name}: stands inside another layer and cannot be written as source")
    return frozenset(found)


def _home(graph: Graph, name: str, branched: Collection[str]) -> Path:
    parts = (_behind_layer(graph, name, branched) or name).split(".")
    return tuple(parts if name in branched else parts[:-1])


def _behind_layer(graph: Graph, name: str, branched: Collection[str]) -> str:
    """The layer that a name begins with and that is no group, such as `add` of `add.delay2`; or nothing."""
    layers = (prefix for prefix in prefixes(name) if prefix in graph.by_name and prefix not in branched)
    return next(layers, "")


def has_weights(graph: Graph, name: str) -> bool:
    """Whether a layer has weights, which checkpoints hold under its name."""
    node = graph.by_name[name]
    return bool(node.op.weights(*graph.inputs_of(node)))


class _Grower:
    """Makes groups of places."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._forms = layers_of(graph)
        self._blocks = blocks_of(graph)

    def group(self, path: Path, place: _Place, above: str) -> Group:
        block = self._blocks.get(".".join(path))
        word = block.word if block is not None else f"{above} {path[-1] if path else ''}".strip()
        groups = {name: self.group((*path, name), each, word) for name, each in place.inside.items()}
        lines = tuple(self._lines(path, place))
        inside = {node for each in groups.values() for node in each.nodes}
        return Group(path, block, word, lines, groups, frozenset(inside.union(place.nodes)))

    def _lines(self, path: Path, place: _Place) -> Iterable[Line]:
        """The layers of a group: those with weights keep their names, others take some that are free."""
        weighted = {node for node in place.nodes if has_weights(self._graph, node)}
        taken = {*place.inside, *(node.split(".")[-1] for node in weighted)}
        for name in place.nodes:
            node, form = self._graph.by_name[name], self._forms[name]
            shown = name.split(".")[-1] if name in weighted else _free(_wanted(name, path), taken)
            beside = _free(f"{shown}_{'frames' if form.frames_first else 'ahead'}", taken)
            taken |= {shown, beside}
            yield Line(name, shown, beside, form, node.inputs)


def _wanted(name: str, path: Path) -> str:
    """What a layer without weights is best called in a group."""
    parts = name.split(".")
    if [*path] in (parts[:-1], parts):
        return parts[-1]
    if not path:
        return "_".join(parts)
    # What a transform put in: without the number of the branch, and apart where it comes from elsewhere.
    word = parts[-1].rstrip("0123456789") or parts[-1]
    return word if parts[: len(path)] == [*path] else f"{word}_behind"


def _free(name: str, taken: Container[str]) -> str:
    while name in taken:
        name += "_"
    return name
