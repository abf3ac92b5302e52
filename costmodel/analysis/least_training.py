"""A lower bound on the memory of a training step, for many designs at once.

It looks at one moment of the backward pass for each layer: the last of the equal layers that it stands for
has its gradients made, and nothing that the layers ahead of it keep has been let go.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from costmodel.analysis.least import same_count, there, total
from costmodel.analysis.saved import INDEX_FLOATS, keeps
from costmodel.analysis.training import FLOAT_BYTES
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import Number, Size, is_zero, maximum, repeated
from costmodel.ops.base import params_of


def least_training(graph: Graph, batch: int) -> Number:
    """Bytes that a step of training on `batch` clips holds at the least; see `training_memory`."""
    step = _Step(graph if graph.clip is None else graph.clip)
    moments = [batch * step.maps(node) + step.gradients(node) for node in step.learning]
    learned = total(repeated(step.learned[node.name], node.count) for node in step.graph.nodes)
    # the weights and their momentum; statistics of norms, of which there are few, are left out
    return FLOAT_BYTES * (2 * learned + reduce(maximum, moments, learned))


class _Step:
    """What is kept for the gradients of each layer, and by which layer first."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.place = {node.name: place for place, node in enumerate(graph.nodes)}
        self.learned = {node.name: params_of(node.op.weights(*graph.inputs_of(node))) for node in graph.nodes}
        self.memory = {INPUT: INPUT}
        self.kept: dict[str, tuple[Node, Size]] = {}
        flows, self.learning = {INPUT: False}, list[Node]()
        for node in graph.nodes:
            allocates = node.op.allocates(*graph.inputs_of(node))
            self.memory[node.name] = self.memory[node.inputs[0]] if is_zero(allocates) else node.name
            own = self.learned[node.name]
            flows[node.name] = not is_zero(own) or any(flows[name] for name in node.inputs)
            if flows[node.name]:
                self.learning.append(node)
                self._keep(node)
        self.flows = flows
        self.reaches = self._reaching()
        self.learning = [node for node in self.learning if node.name in self.reaches]

    def maps(self, node: Node) -> Size:
        """The maps and their gradients while those of a layer are made, for one clip."""
        kept = (size for first, size in self._alive(node))
        made = () if node.op.hands_on_gradient else node.inputs
        gradients = (self._size(name) for name in made if self.flows[name])
        return there(node, total([self._size(INPUT), *kept, self._size(node.name), *gradients]))

    def gradients(self, node: Node) -> Size:
        """Gradients of weights that are there by then: of the layers behind, and of this one."""
        found = []
        for each in self.learning[self.learning.index(node) :]:
            # of the block that the layer is in, the last one alone has had its turn
            count = 1 if same_count(each, node) else each.count
            found.append(repeated(there(each, self.learned[each.name]), count))
        return there(node, total(found))

    def _alive(self, node: Node) -> Iterator[tuple[Node, Size]]:
        for first, size in self.kept.values():
            if self.place[first.name] <= self.place[node.name]:
                yield first, size
            elif not isinstance(first.count, int) and same_count(first, node):
                # the earlier ones of its block have all of theirs yet
                yield first, there(first, size - size // maximum(first.count, 1))

    def _keep(self, node: Node) -> None:
        """Notes the maps that a layer keeps, each once and under the first layer that keeps it."""
        inputs = self.graph.inputs_of(node)
        kinds = {keeps(kind) for kind in node.op.work(*inputs)}
        names = [*node.inputs] if kinds & {"inputs", "inputs and values"} else []
        # Of the others what they keep may be something else than their answer.
        is_plain = all(kind.startswith("activation.") for kind in node.op.work(*inputs))
        names += [node.name] if kinds == {"output"} and is_plain else []
        if "indices" in kinds:  # the places of a pool's winners
            places = there(node, INDEX_FLOATS * self._size(node.name))
            self.kept[f"kept by {node.name}"] = node, repeated(places, node.count)
        for name in names:
            key = self.memory[name]
            if key not in self.kept and key != INPUT:
                self.kept[key] = node, self._times(key, node)

    def _times(self, key: str, keeper: Node) -> Size:
        """A kept map, as often as its layer stands there; once where another block keeps it."""
        owner = self.graph.by_name[key]
        size = there(keeper, there(owner, self._size(key)))
        return repeated(size, owner.count) if same_count(owner, keeper) else size

    def _size(self, name: str) -> Size:
        return self.graph.source.values if name == INPUT else self.graph.types[name].values

    def _reaching(self) -> set[str]:
        found = {self.graph.output}
        for node in reversed(self.graph.nodes):
            if node.name in found:
                found |= set(node.inputs)
        return found
