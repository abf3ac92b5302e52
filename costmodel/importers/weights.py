"""The module's own tensors under the names of our layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind
from torch.fx.node import map_arg

from costmodel.importers.learned import Learned
from costmodel.importers.reader import Reading
from costmodel.importers.value import Constant
from costmodel.ops.base import Op
from costmodel.types import TensorType

STATISTICS = ("running_mean", "running_var")


@dataclass(frozen=True)
class Shares:
    """Which of the module's parameters our layers have.

    Args:
        used: the number of parameters of the module that its answer depends on.
        unused: the names of those that it does not depend on.
        repeated: the numbers of parameters that stand in several of our layers, counted again in each.
        constants: the numbers of ours that are no parameter of the module: buffers, and numbers in its code.
    """

    used: int
    unused: tuple[str, ...]
    repeated: int
    constants: int


class Sources:
    """The tensors of an exported program, worked out where a layer needs them."""

    def __init__(self, program: ExportedProgram) -> None:
        self._program = program
        self._specs = {each.arg.name: each for each in program.graph_signature.input_specs}
        self._found: dict[fx.Node, object] = {}

    def tensor(self, node: fx.Node) -> Tensor:
        """What a node that no input decides answers."""
        found = self._value(node)
        assert isinstance(found, Tensor)
        return found

    def _value(self, node: fx.Node) -> object:
        if node not in self._found:
            self._found[node] = self._placed(node) if node.op == "placeholder" else self._computed(node)
        return self._found[node]

    def parameters(self, node: fx.Node) -> frozenset[str]:
        """The module's parameters that a node is worked out from, by name."""
        if node.op == "placeholder":
            spec = self._specs[node.name]
            is_one = spec.kind == InputKind.PARAMETER and spec.target is not None
            return frozenset({str(spec.target)}) if is_one else frozenset()
        return frozenset().union(*(self.parameters(each) for each in node.all_input_nodes))

    def needed(self) -> frozenset[str]:
        """The parameters that the module's answer depends on, by name."""
        # Asked of the program and not of our layers, which are compared with it.
        nodes = list(self._program.graph.nodes)
        seen, waiting = set[fx.Node](), [each for each in nodes if each.op == "output"]
        while waiting:
            node = waiting.pop()
            waiting += [each for each in node.all_input_nodes if each not in seen]
            seen.update(node.all_input_nodes)
        return frozenset().union(*(self.parameters(each) for each in seen if each.op == "placeholder"))

    def _placed(self, node: fx.Node) -> Tensor:
        target = str(self._specs[node.name].target)
        found = self._program.state_dict.get(target)
        if found is None:
            found = self._program.constants[target]
        assert isinstance(found, Tensor)
        return found.detach()

    def _computed(self, node: fx.Node) -> object:
        # A part of several, such as of `chunk`, is asked for by a call of its own.
        worked_out: Callable[[fx.Node], Any] = self._value
        arguments = map_arg(node.args, worked_out), map_arg(node.kwargs, worked_out)
        assert callable(node.target)
        found: object = node.target(*arguments[0], **arguments[1])
        return found


def tensors_of(reading: Reading, sources: Sources) -> dict[str, Tensor]:
    """The tensors of the emitted network's `state_dict`, by name."""
    found: dict[str, Tensor] = {}
    for node in reading.graph.nodes:
        shapes = _shapes(node.op, reading.graph.inputs_of(node))
        for name, learned in reading.weights[node.name].items():
            tensor = _tensor(learned, sources)
            found[f"{node.name}.{name}"] = tensor.reshape(shapes.get(name, tensor.shape))
        if set(STATISTICS) <= set(reading.weights[node.name]):
            found[f"{node.name}.num_batches_tracked"] = torch.tensor(0)
    return found


def shares_of(reading: Reading, sources: Sources) -> Shares:
    """Which of the module's parameters our layers have, and what they have besides."""
    sizes = {name: value.numel() for name, value in sources._program.named_parameters()}
    held = dict.fromkeys(sizes, 0)
    constants = 0
    for node in reading.graph.nodes:
        shapes = node.op.weights(*reading.graph.inputs_of(node))
        for name, learned in reading.weights[node.name].items():
            if name not in shapes:
                continue
            found = _parameters(learned, sources)
            for each in found:
                held[each] += _numbers(shapes, name)
            if not found:
                constants += _numbers(shapes, name)
    needed = sources.needed()
    unused = tuple(name for name in sizes if name not in needed)
    used = sum(sizes[name] for name in needed)
    # Layers may hold a part of one each, as of the weights of queries, keys and values.
    repeated = sum(max(0, count - sizes[name]) for name, count in held.items())
    return Shares(used, unused, repeated, constants)


def _parameters(learned: Learned, sources: Sources) -> frozenset[str]:
    return sources.parameters(learned.source.node) if isinstance(learned.source, Constant) else frozenset()


def _tensor(learned: Learned, sources: Sources) -> Tensor:
    if not isinstance(learned.source, Constant):
        return learned.source()
    found = sources.tensor(learned.source.node)
    return found if learned.order is None else found.permute(learned.order)


def _shapes(op: Op, inputs: tuple[TensorType, ...]) -> Mapping[str, tuple[int, ...]]:
    return {name: tuple(map(int, shape)) for name, shape in op.weights(*inputs).items()}


def _numbers(shapes: Mapping[str, object], name: str) -> int:
    from math import prod

    shape = shapes[name]
    assert isinstance(shape, tuple)
    return prod(map(int, shape))
