"""The memory of one step of training: what is alive at the worst moment of its forward and backward pass.

Clips come in batches and numbers are fp32. The forward pass keeps what `saved_by` says; the backward pass
runs the layers in reverse, makes a gradient for each map and each weight, and lets go of what a layer kept as
soon as that layer is done. SGD with momentum holds one number more for each weight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from costmodel.analysis.saved import Saved, saved_by
from costmodel.errors import OptionError
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops.base import params_of

FLOAT_BYTES = 4
# What a process grows by beyond the tensors, measured on a CPU with one thread (docs/training.md): torch's
# own memory at the first step, what its allocator holds in vain, and oneDNN's copies of the largest kernel.
FIRST_STEP_BYTES = 130 * 2**20
ALLOCATOR_SHARE = 0.2
KERNEL_COPIES = 4


class TrainingMemory(NamedTuple):
    """Bytes alive at the worst moment of a step of training.

    Args:
        weights: learned values and the running statistics of batch norms.
        gradients: of the weights whose gradient is there at that moment.
        optimiser: the momentum of each learned value.
        maps: the clips, what layers keep for their gradients, and the maps and gradients being made.
        layer: the layer that runs at that moment.
        largest_kernel: the weights of the largest layer.
    """

    weights: int
    gradients: int
    optimiser: int
    maps: int
    layer: str
    largest_kernel: int

    @property
    def total(self) -> int:
        """All of it: `training_bytes`."""
        return self.weights + self.gradients + self.optimiser + self.maps

    @property
    def process(self) -> int:
        """What a process that trains grows by: the tensors, workspaces, and what the allocator holds."""
        spare = FIRST_STEP_BYTES + int(ALLOCATOR_SHARE * self.total)
        return self.total + spare + KERNEL_COPIES * self.largest_kernel


@dataclass
class _Live:
    """The tensors alive at a moment, by name: added when made, dropped when nobody needs them any more."""

    floats: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    total: int = 0

    def make(self, key: str, floats: int) -> None:
        self.floats[key], self.users[key] = floats, 1
        self.total += floats

    def take(self, key: str) -> None:
        self.users[key] += 1

    def drop(self, key: str) -> None:
        self.users[key] -= 1
        if not self.users[key]:
            self.total -= self.floats.pop(key)


def training_memory(graph: Graph, batch: int, *, momentum: bool = True) -> TrainingMemory:
    """What one step of training holds at its worst moment, of the clip network on `batch` clips.

    Raises:
        OptionError: a size is a symbol or an array, or what a layer keeps is not known.
    """
    clip = graph if graph.clip is None else graph.clip
    _must_be_numbers(clip)
    step = _Step(clip, batch)
    moments = [*step.forward(), *step.backward()]
    maps, gradients, layer = max(moments, key=lambda moment: moment[0] + moment[1])
    learned = sum(step.learned.values())
    statistics = sum(
        params_of(node.op.weights(*clip.inputs_of(node)))
        for node in clip.nodes
        if "norm" in node.op.work(*clip.inputs_of(node))
    )
    weights, gradients, optimiser, maps, kernel = (
        FLOAT_BYTES * int(floats)
        for floats in (
            learned + statistics,
            gradients,
            learned if momentum else 0,
            maps,
            max(step.learned.values()),
        )
    )
    return TrainingMemory(weights, gradients, optimiser, maps, layer, kernel)


def largest_batch(graph: Graph, room_bytes: int, most: int) -> int:
    """The most clips, up to `most`, whose step a process can take in so much memory; 0 where none can."""
    fitting = 0
    # Memory grows with the batch, so the largest that fits is found bit by bit, in log2(most) steps.
    for bit in reversed(range(most.bit_length())):
        batch = fitting + 2**bit
        if batch <= most and training_memory(graph, batch).process <= room_bytes:
            fitting = batch
    return fitting


def _must_be_numbers(graph: Graph) -> None:
    for node in graph.nodes:
        if not (isinstance(node.count, int) and isinstance(graph.types[node.name].values, int)):
            raise OptionError(
                f"training_bytes: {node.name} has sizes that are not numbers, and what is alive depends on "
                "them; give numbers"
            )


class _Step:
    """One step of training; moments are (numbers in maps, numbers in gradients of weights, layer)."""

    def __init__(self, graph: Graph, batch: int) -> None:
        self.graph, self.batch, self.live = graph, batch, _Live()
        self.saved = {node.name: saved_by(node.op, graph.inputs_of(node)) for node in graph.nodes}
        self.learned = {
            node.name: int(params_of(node.op.weights(*graph.inputs_of(node)))) for node in graph.nodes
        }
        self.memory = {INPUT: INPUT}  # the edge whose memory each edge's map lies in
        self.learns = {INPUT: False}  # whether a gradient flows through an edge
        self.kept: dict[str, list[str]] = {}
        for node in graph.nodes:
            self.learns[node.name] = bool(self.learned[node.name]) or self._flows(node)
        self.live.make(INPUT, self._floats(INPUT))

    def forward(self) -> Iterator[tuple[int, int, str]]:
        """Each layer in order: its output is made, and what nobody needs any more is let go."""
        last_read = {name: node.name for node in self.graph.nodes for name in node.inputs}
        held: dict[str, list[str]] = {}
        for name, reader in last_read.items():
            held.setdefault(reader, []).append(name)
        self.live.take(INPUT)  # the batch itself stays until the step is over
        for node in self.graph.nodes:
            self._make_output(node)
            self._keep(node, self.saved[node.name])
            yield self.live.total, 0, node.name
            for name in held.get(node.name, ()):
                self.live.drop(self.memory[name])

    def backward(self) -> Iterator[tuple[int, int, str]]:
        """Each layer in reverse: gradients of its inputs and weights are made, what it kept is let go."""
        gradients = {self.graph.output: "gradient of the answer"}
        self.live.make(gradients[self.graph.output], self._floats(self.graph.output))
        of_weights = 0
        for node in reversed(self.graph.nodes):
            if not self.learns[node.name] or node.name not in gradients:
                continue
            incoming = gradients.pop(node.name)
            of_weights += self.learned[node.name]
            made = self._make_gradients(node, incoming)
            yield self.live.total + self._workspace(node), of_weights, node.name
            for name, key in made.items():
                self._accumulate(gradients, name, key)
            self.live.drop(incoming)
            for key in self.kept.pop(node.name):
                self.live.drop(key)

    def _flows(self, node: Node) -> bool:
        return any(self.learns[name] for name in node.inputs)

    def _floats(self, name: str) -> int:
        source = self.graph.source if name == INPUT else self.graph.types[name]
        return self.batch * int(source.values)

    def _make_output(self, node: Node) -> None:
        made = self.batch * int(node.op.allocates(*self.graph.inputs_of(node)))
        if not made:
            self.memory[node.name] = self.memory[node.inputs[0]]
            # A view, such as a flattening: its map lies in the memory of what it reads.
            self.live.take(self.memory[node.name])
            return
        self.memory[node.name] = node.name
        self.live.make(node.name, made)

    def _keep(self, node: Node, saved: Saved) -> None:
        keys = [self.memory[name] for name in node.inputs] if saved.inputs else []
        keys += [self.memory[node.name]] if saved.output else []
        if not self.learns[node.name]:
            keys = []
        for key in keys:
            self.live.take(key)
        if saved.own and self.learns[node.name]:
            keys.append(f"kept by {node.name}")
            self.live.make(keys[-1], self.batch * saved.own)
        self.kept[node.name] = keys

    def _make_gradients(self, node: Node, incoming: str) -> dict[str, str]:
        made: dict[str, str] = {}
        for place, name in enumerate(node.inputs):
            if not self.learns[name]:
                continue
            if node.op.hands_on_gradient:  # the gradient itself is handed on
                self.live.take(incoming)
                made[name] = incoming
                continue
            made[name] = f"gradient {place} by {node.name}"
            self.live.make(made[name], self._floats(name))
        return made

    def _accumulate(self, gradients: dict[str, str], name: str, key: str) -> None:
        """Adds a gradient to the one that is there: in its own memory where nobody else needs that."""
        there = gradients.get(name)
        if there is None:
            gradients[name] = key
            return
        # torch adds in place where it may; a gradient that two layers were handed must not change under the
        # other.
        if self.live.users[there] > 1:
            gradients[name] = f"{there} and {key}"
            self.live.make(gradients[name], self._floats(name))
            self.live.drop(there)
        self.live.drop(key)

    def _workspace(self, node: Node) -> int:
        """Numbers that a layer needs besides while its gradients are made."""
        if node.op.is_gate:  # the gate's gradient is a map until it is summed over positions
            return self._floats(node.inputs[0])
        inputs = self.graph.inputs_of(node)
        fan_in = node.op.weights(*inputs)["weight"][1] if node.op.is_convolution else 0
        if fan_in == 1 and inputs[0].channels == self.graph.types[node.name].channels:
            # Depthwise weights learn frame by frame, from copies of the frames that a tap meets.
            return self._floats(node.inputs[0]) + self._floats(node.name)
        return 0
