"""Adds the layers of a document to a graph, one after the other: unfolds blocks, repeats and branches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from costmodel.arithmetic import Scope
from costmodel.conditions import assume_positive, demand, demand_between, equal, named
from costmodel.errors import CostModelError, Divergence, nearest
from costmodel.graph import INPUT, Block, Kinds, Node
from costmodel.numbers import Number, Size, even, is_array, is_exact, repeated
from costmodel.spec.check import as_layer
from costmodel.spec.document import Document
from costmodel.spec.fields import COMMON, WHOLE_AXIS, evaluate, fields_of, is_merge, make_op, size
from costmodel.spec.load import Item
from costmodel.spec.repeats import period, shares
from costmodel.spec.sampled import Sampled
from costmodel.types import SINGLE_NUMBER_KERNEL, WAYS, TensorType

MOST_REPEATS = 10_000
MOST_LAYERS = 100_000
MOST_VISITS = 300_000  # of layers, those left out by `when` and the repeats of empty blocks counted in
DEEPEST = 40
BLOCK_INPUT = "in"


@dataclass(frozen=True)
class Place:
    """Where layers are added: the names in scope, the prefix of their names, the edge that they read.

    `labels` are the edges that `from` may name: those of the block, or of the network outside of all blocks.
    """

    scope: Mapping[str, Number]
    prefix: str
    edge: str
    labels: dict[str, str]
    count: Size = 1
    depth: int = 0

    def at(self, edge: str) -> Place:
        """The same place, reading another edge."""
        return self.with_scope(self.scope, edge)

    def with_scope(self, scope: Mapping[str, Number], edge: str) -> Place:
        """The same place with other names in scope, reading another edge."""
        # Spelled out: `replace` takes a third of the time that a network takes.
        return Place(scope, self.prefix, edge, self.labels, self.count, self.depth)

    def inside(self, name: str) -> Place:
        """A place whose layers are named after `name`, one level deeper."""
        return replace(self, prefix=f"{self.prefix}{name}.", depth=self.depth + 1)

    def in_block(self, name: str, scope: Mapping[str, Number], count: Size = 1) -> Place:
        """A place in a block that stands `count` times, with labels of its own."""
        # A block that stands many times would otherwise give each label twice.
        labels = {INPUT: INPUT, BLOCK_INPUT: self.edge}
        count = repeated(count, self.count)
        return replace(self.inside(name), scope=scope, labels=labels, count=count)


@dataclass
class Builder:
    """The layers of a network, collected as its document is walked."""

    document: Document
    source: TensorType
    nodes: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kinds = Kinds({INPUT: self.source})
        self.types = self.kinds.types
        self.numbers: dict[str, int] = {}
        self.blocks: dict[str, Block] = {}
        self.sampled = Sampled()
        self.visits = 0

    def layers(self, item: Item, place: Place) -> str:
        """Adds layers one after the other; the name of the last, or the edge read where there is none."""
        if place.depth > DEEPEST:
            raise item.error(f"blocks and branches nested more than {DEEPEST} deep")
        # Counted apart from the layers: repeats of blocks that add none would never reach that limit.
        self.visits += 1 + len(item.value)
        if self.visits > MOST_VISITS:
            raise item.error(f"more than {MOST_VISITS} layers and repeats")
        for layer in item.value:
            place = place.at(self.layer(layer, place))
        return place.edge

    def layer(self, item: Item, place: Place) -> str:
        """Adds one layer, block or merge; the name of the edge that leaves it."""
        called = as_layer(item)
        assert called is not None
        word, at, given = called
        sources = self._sources(given, place)
        channels = self.types[sources[0]].channels
        scope = {**place.scope, "in_channels": channels, "i": place.scope.get("i", 0)}
        here = place.with_scope(scope, sources[0])
        if "when" in given and not self._holds(given["when"], scope):
            edge = sources[0]
        elif word in self.document.sections["blocks"]:
            edge = self._call(word, at, given, here)
        elif is_merge(word):
            edge = self._merge(word, at, given, here, sources if "from" in given else [])
        else:
            edge = self._add(word, at, given, here, tuple(sources))
        if "as" in given:
            _label(given["as"], edge, place.labels)
        return edge

    def _holds(self, item: Item, scope: Mapping[str, Number]) -> bool:
        value = even(evaluate(item, scope))
        if isinstance(value, int | Fraction):
            return bool(value)
        message = "decides which layers exist: it must be a number, not a symbol or an array"
        raise item.error(message) from Divergence(value)

    def _sources(self, given: Mapping[str, Item], place: Place) -> list[str]:
        item = given.get("from")
        if item is None:
            return [place.edge]
        entries = item.value if isinstance(item.value, list) else [item]
        for entry in entries:
            if str(entry.value) not in place.labels:
                raise entry.error(f"unknown layer {entry.value!r}{nearest(str(entry.value), place.labels)}")
        return [place.labels[str(entry.value)] for entry in entries]

    def _add(
        self, word: str, at: Item, given: Mapping[str, Item], place: Place, inputs: tuple[str, ...]
    ) -> str:
        if len(self.nodes) >= MOST_LAYERS:
            raise at.error(f"more than {MOST_LAYERS} layers")
        name = self._name(word, given, place)
        node = Node(name, make_op(word, given, place.scope), inputs, place.count, _tags(given))
        try:
            self.kinds.add(node)
            self.sampled.add(node)
        except CostModelError as error:
            # The path in the file seldom is the name in the network, which analyze prints.
            shown = "" if name == at.path else f" ({name})"
            raise at.error(f"{error}{shown}") from error
        self.nodes.append(node)
        return name

    def _name(self, word: str, given: Mapping[str, Item], place: Place) -> str:
        wanted = given.get("name", given.get("as"))
        base = place.prefix + (word if wanted is None else str(wanted.value))
        # A name of the user's own must stay as it is; words are numbered where they come again.
        if wanted is not None and base in self.types:
            raise wanted.error(f"the name {base!r} is used twice")
        name = base
        while name in self.types:
            self.numbers[base] = self.numbers.get(base, 1) + 1
            name = f"{base}_{self.numbers[base]}"
        return name

    def _merge(self, word: str, at: Item, given: Mapping[str, Item], place: Place, inputs: list[str]) -> str:
        fields = fields_of(word)
        branches = {key: item for key, item in given.items() if key not in COMMON and key not in fields}
        inside = place.inside(str(given["name"].value)) if "name" in given else place
        for key, item in branches.items():
            branch = inside.inside(self._branch_name(inside, key))
            inputs.append(self.layers(item, branch))
        return self._add(word, at, given, place, tuple(inputs))

    def _branch_name(self, place: Place, key: str) -> str:
        base = f"{place.prefix}{key}"
        self.numbers[base] = number = self.numbers.get(base, 0) + 1
        return key if number == 1 else f"{key}_{number}"

    def _call(self, word: str, at: Item, given: Mapping[str, Item], place: Place) -> str:
        block = self.document.sections["blocks"][word]
        title = self._branch_name(place, str(given["name"].value) if "name" in given else word)
        if "repeat" not in given:
            inside = place.in_block(title, self._arguments(word, given, {}, place.scope, place.scope["i"]))
            self.blocks[inside.prefix[:-1]] = self._block(word, inside.scope)
            return self.layers(block.value["layers"], inside)
        repeats = size(given["repeat"], place.scope, least=0)
        every = 1 if isinstance(repeats, int) else period(block, given)
        if every is None:
            repeats, every = self._even(given["repeat"], repeats), 1
        # the type behind each repeat, to compare the first with the last
        edge, types = place.edge, []
        for index, count in self._iterations(given["repeat"], repeats, every):
            first = given["first"].value if index == 0 and "first" in given else {}
            # Arguments are read anew for each repeat: they may depend on `i`, and on the channels of the one
            # before.
            scope = {**place.scope, "in_channels": self.types[edge].channels, "i": index}
            arguments = self._arguments(word, given, first, scope, index)
            inside = place.at(edge).in_block(f"{title}.{index}", arguments, count)
            self.blocks[inside.prefix[:-1]] = self._block(word, arguments)
            edge = self.layers(block.value["layers"], inside)
            types.append(self.types[edge])
        # Built once, the block stands for all its repeats, so each has to find what the first one found.
        if types and not is_exact(repeats):
            self._must_leave_alike(given["repeat"], types[0], types[-1])
        return edge

    def _block(self, word: str, scope: Scope) -> Block:
        declared = self.document.sections["blocks"][word].value.get("args")
        names = declared.value or () if declared is not None else ()
        return Block(word, {name: scope[name] for name in ("in_channels", *names)})

    def _must_leave_alike(self, item: Item, first: TensorType, last: TensorType) -> None:
        """A block stands for many only where each finds what the one before it found."""
        for axis, before, after in zip(first._fields, first, last, strict=True):
            alike = equal(before, after)
            if alike is False:
                raise item.error(
                    f"a free number of repeats needs blocks that keep {axis}, found {before} then {after}"
                )
            demand(alike)

    def _iterations(self, item: Item, repeats: Size, every: int) -> Iterator[tuple[int, Size]]:
        """Each repeat with the number of layers it stands for: 1, but where repeats are a symbol or an array.

        Then the first stands alone, and one period of the others for all that equal them.
        """
        if isinstance(repeats, int):
            if repeats > MOST_REPEATS:
                raise item.error(f"{repeats} repeats, at most {MOST_REPEATS} are built")
            yield from ((index, 1) for index in range(repeats))
            return
        demand_between(repeats, 0, MOST_REPEATS)
        assume_positive(repeats)
        if is_array(repeats) and not (repeats > 0).all():
            # Without layers a stage is another network: it could not even be counted, since the first is 1.
            if (repeats > 0).any():
                raise item.error("some of these networks have none of these layers") from Divergence(
                    repeats > 0
                )
            return
        yield 0, 1
        yield from enumerate(shares(repeats - 1, every), start=1)

    def _even(self, item: Item, repeats: Size) -> int:
        """How many repeats there are of a block that is another one in each."""
        number = even(repeats)
        if isinstance(number, int):
            return number
        message = "a free number of repeats needs blocks that use `i` only as `i % m`"
        raise item.error(message) from Divergence(repeats)

    def _arguments(
        self,
        word: str,
        given: Mapping[str, Item],
        first: Mapping[str, Item],
        scope: Mapping[str, Number],
        index: Number,
    ) -> dict[str, Number]:
        """The scope inside a block: its arguments, given in the caller's scope, defaults in its own."""
        declared = self.document.sections["blocks"][word].value.get("args")
        inside = {**scope, "i": index}
        for name, default in declared.value.items() if declared is not None and declared.value else ():
            chosen = first.get(name, given.get(name))
            value = evaluate(default, inside) if chosen is None else evaluate(chosen, scope)
            inside[name] = named(name, value)
        return inside


def _tags(given: Mapping[str, Item]) -> frozenset[str]:
    """What only counting conventions need to know of a layer."""
    kernel, written = given.get("kernel"), given.get("written")
    has_one = kernel is not None and not isinstance(kernel.value, list) and kernel.value != WHOLE_AXIS
    tags = {SINGLE_NUMBER_KERNEL} if has_one else set()
    return frozenset(tags if written is None else {*tags, WAYS[written.value]})


def _label(item: Item, edge: str, labels: dict[str, str]) -> None:
    label = str(item.value)
    if label in labels:
        raise item.error(f"{label!r} names another layer already")
    labels[label] = edge
