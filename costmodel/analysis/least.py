"""Lower bounds, for many designs at once, on figures that depend on the order of execution or on retiming.

Where sizes are arrays, a layer stands for the equal ones of its stage with their count. Each bound holds for
the network with all its layers: it adds up what must be there whatever the order, and a layer that stands
zero times in a design adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce

from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import Number, Size, is_array, maximum, minimum, repeated, where

MOST_BOUNDED = 400  # layers of which it is looked at which maps must wait for others


def least_peak(graph: Graph) -> Number:
    """What must be alive while some layer runs, at the worst layer: no order has a smaller peak.

    Alive are a layer's inputs and its output, and every map ahead of it that a layer behind it still reads.
    Delays are passed over: wherever they stand, a map or its delayed copy, equally large, is alive.
    """
    lasting = _Lasting(graph)
    return reduce(maximum, (total(lasting.alive(node)) for node in lasting.layers))


class _Lasting:
    """Which maps must be alive while a layer runs, delays passed over."""

    def __init__(self, graph: Graph) -> None:
        self.sizes: dict[str, Size] = {INPUT: graph.source.values}
        self.reads: dict[str, tuple[str, ...]] = {}
        self.layers: list[Node] = []
        alias = {INPUT: INPUT}
        for node in graph.nodes:
            inputs = tuple(dict.fromkeys(alias[name] for name in node.inputs))
            alias[node.name] = inputs[0] if node.op.is_wait else node.name
            if not node.op.is_wait:
                self.layers.append(node)
                self.reads[node.name] = inputs
                self.sizes[node.name] = there(node, graph.types[node.name].values)
        self.bits = {name: 1 << place for place, name in enumerate((INPUT, *self.reads))}
        self.readers = dict.fromkeys(self.bits, 0)
        for name, inputs in self.reads.items():
            for each in inputs:
                self.readers[each] |= self.bits[name]
        self.before, self.after = self._before(), self._after()

    def alive(self, node: Node) -> list[Size]:
        """The sizes of the maps alive while a layer runs."""
        own = [node.name, *self.reads[node.name]]
        if len(self.layers) > MOST_BOUNDED:
            return [there(node, self.sizes[name]) for name in own]
        behind = self.after[node.name] | self.bits[node.name]
        waiting = [
            name
            for name, readers in self.readers.items()
            if self.before[node.name] & self.bits[name] and readers & behind
        ]
        held = {node.name, *waiting}
        sizes = [*(self.sizes[name] for name in held), *self._beside(node, held)]
        return [there(node, size) for size in sizes]

    def _beside(self, node: Node, held: set[str]) -> Iterator[Size]:
        """Of each chain of layers beside a layer, from one ahead of it to one behind it, the smallest map.

        Where the chain stands when the layer runs is open; one of its maps is alive.
        """
        taken = set(held)
        for name, inputs in self.reads.items():
            for last in inputs if self.after[node.name] & self.bits[name] else ():
                chain = self._chain(node, last)
                if chain and not taken & set(chain):
                    taken |= set(chain)
                    yield reduce(minimum, (self.sizes[each] for each in chain))

    def _chain(self, node: Node, name: str) -> list[str]:
        """The maps back from one beside a layer to one ahead of it; empty where that is no chain."""
        found = [name]
        around = self.after[node.name] | self.bits[node.name]
        while not self.before[node.name] & self.bits[found[-1]]:
            inputs = self.reads.get(found[-1], ())
            if len(inputs) != 1 or around & self.bits[found[-1]]:
                return []
            found += inputs
        return found if len(found) > 1 else []

    def _before(self) -> dict[str, int]:
        found = {INPUT: 0}
        for name, inputs in self.reads.items():
            found[name] = reduce(int.__or__, (found[each] | self.bits[each] for each in inputs))
        return found

    def _after(self) -> dict[str, int]:
        found = dict.fromkeys(self.bits, 0)
        for name, inputs in reversed(self.reads.items()):
            for each in inputs:
                found[each] |= found[name] | self.bits[name]
        return found


def least_state(graph: Graph) -> Number:
    """What a stream keeps in its smallest form: no retiming of its delays holds fewer numbers.

    Every layer keeps its smallest form. Of the delays: between a layer that two branches leave and the one
    where they meet, the shorter branch waits for the longer one, whatever the times of the layers between,
    and what waits is nowhere smaller than the smallest map of the branch. No map is counted for two branches.
    """
    layers = (node for node in graph.nodes if not node.op.is_wait)
    kept = (repeated(_smallest_form(graph, node), node.count) for node in layers)
    return total([*kept, *_waiting(graph)])


def _smallest_form(graph: Graph, node: Node) -> Size:
    inputs = graph.inputs_of(node)
    forms = (total(kept.values for kept in form.carry(*inputs).kept.values()) for form in node.op.forms)
    return reduce(minimum, forms)


def _waiting(graph: Graph) -> Iterator[Size]:
    """What the shorter branch of each merge holds, as far as it is one chain of layers from the fork."""
    forks = _Forks(graph)
    taken: set[str] = set()
    for node in graph.nodes:
        for name in node.inputs if len(set(node.inputs)) > 1 and not node.op.is_wait else ():
            chain = forks.chain(node, name)
            frames = forks.frames(node, chain) if chain else 0
            if frames > 0 and not taken & set(chain):
                taken |= set(chain)
                held = reduce(minimum, (graph.types[each].values for each in chain))
                # ceil(wait / jump) outputs are held at each place: together at least the wait over the jump
                yield repeated(frames * held // max(forks.jump(each) for each in chain), node.count)


class _Forks:
    """The chains that lead from a fork to a merge, and the longest way between the two."""

    def __init__(self, graph: Graph) -> None:
        from costmodel.analysis.temporal import timing

        self.graph, self.times = graph, timing(graph, repeats=False)

    def jump(self, name: str) -> int:
        return self.times[name].jump

    def chain(self, merge: Node, name: str) -> list[str]:
        """The maps on the way back from a merge to a fork, the fork's last; empty where it is no chain."""
        found: list[str] = []
        while True:
            node = self.graph.by_name.get(name)
            if node is not None and node.op.is_wait:
                (name,) = node.inputs
                continue
            found.append(name)
            if node is None or self._leaves_for_several(name):
                return found
            if len(node.inputs) > 1 or not same_count(node, merge):
                return []
            (name,) = node.inputs

    def frames(self, merge: Node, chain: list[str]) -> int:
        """How much further ahead the longest way to a merge looks than a chain, in input frames."""
        longest, own = self._longest(merge, chain[-1]), self._ahead_on(merge, chain)
        return longest - own if longest is not None and own is not None else 0

    def _leaves_for_several(self, name: str) -> bool:
        """Whether several layers read a map, its delayed copies included."""
        readers = set(self.graph.consumers[name])
        for reader in tuple(readers):
            if self.graph.by_name[reader].op.is_wait:
                readers |= set(self.graph.consumers[reader])
        return sum(not self.graph.by_name[reader].op.is_wait for reader in readers) > 1

    def _ahead(self, node: Node, name: str) -> int | None:
        """How far a layer looks ahead of an input, in input frames; None where that is no number."""
        if node.op.is_wait:
            return 0
        skips = dict(zip(node.inputs, self.graph.skips[node.name], strict=True))
        frames = self.graph.windows[node.name].last + skips[name]
        return frames * self.jump(name) if isinstance(frames, int) else None

    def _ahead_on(self, merge: Node, chain: list[str]) -> int | None:
        total = 0
        for node in (merge, *(self.graph.by_name[name] for name in chain[:-1])):
            frames = [self._ahead(node, name) for name in node.inputs]
            read = frames[self._place(node, chain)]
            if read is None:
                return None
            total += read
        return total

    def _place(self, node: Node, chain: list[str]) -> int:
        for place, name in enumerate(node.inputs):
            while name in self.graph.by_name and self.graph.by_name[name].op.is_wait:
                (name,) = self.graph.by_name[name].inputs
            if name in chain:
                return place
        return 0

    def _longest(self, merge: Node, fork: str) -> int | None:
        """The longest way from a fork to a merge; None where layers between stand otherwise often."""
        found: dict[str, int] = {fork: 0}
        for node in self.graph.nodes:
            reached = [name for name in node.inputs if name in found]
            if not reached or node.name == fork:
                continue
            if not same_count(node, merge):
                continue
            ahead = {name: self._ahead(node, name) for name in reached}
            if any(each is None for each in ahead.values()):
                return None
            found[node.name] = max(found[name] + (ahead[name] or 0) for name in reached)
            if node.name == merge.name:
                return found[node.name]
        return None


def same_count(node: Node, other: Node) -> bool:
    """Whether two layers stand for as many: those of one block of a stage."""
    if node.count is other.count:
        return True
    return isinstance(node.count, int) and isinstance(other.count, int) and node.count == other.count


def there(node: Node, size: Size) -> Size:
    """A size, 0 in the designs that do not have the layer."""
    if isinstance(node.count, int):
        return size if node.count else 0
    absent = is_array(node.count) and not (node.count > 0).all()
    return where(node.count > 0, size, 0) if absent else size


def total(sizes: Iterable[Size]) -> Size:
    """A sum, small arrays first, so that few additions run over all designs."""
    total: Size = 0
    for size in sorted(sizes, key=lambda each: getattr(each, "size", 1)):
        total = total + size
    return total
