"""The module's own tensors under the names of our layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from costmodel.importers.constants import Constants
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
        merged: how many parameters fewer ours are, where weights are worked out from several (`weight_norm`).
    """

    used: int
    unused: tuple[str, ...]
    repeated: int
    constants: int
    merged: int = 0


def tensors_of(reading: Reading, origin: Constants) -> dict[str, Tensor]:
    """The tensors of the emitted network's `state_dict`, by name."""
    found: dict[str, Tensor] = {}
    for node in reading.graph.nodes:
        shapes = _shapes(node.op, reading.graph.inputs_of(node))
        for name, learned in reading.weights[node.name].items():
            tensor = _tensor(learned, origin)
            found[f"{node.name}.{name}"] = tensor.reshape(shapes.get(name, tensor.shape))
        if set(STATISTICS) <= set(reading.weights[node.name]):
            found[f"{node.name}.num_batches_tracked"] = torch.tensor(0)
    return found


def shares_of(reading: Reading, origin: Constants) -> Shares:
    """Which of the module's parameters our layers have, and what they have besides."""
    sizes = origin.sizes()
    held = dict.fromkeys(sizes, 0)
    constants = merged = 0
    for node in reading.graph.nodes:
        shapes = node.op.weights(*reading.graph.inputs_of(node))
        for name, learned in reading.weights[node.name].items():
            if name not in shapes:
                continue
            found, numbers = _parameters(learned, origin), _numbers(shapes, name)
            is_merged = bool(found) and _is_worked_out(learned, origin)
            for each in found:
                held[each] += sizes[each] if is_merged else numbers
            if is_merged:
                merged += sum(sizes[each] for each in found) - numbers
            if not found:
                constants += numbers
    needed = origin.needed()
    unused = tuple(name for name in sizes if name not in needed)
    used = sum(sizes[name] for name in needed)
    # Layers may hold a part of one each, as of the weights of queries, keys and values.
    repeated = sum(max(0, count - sizes[name]) for name, count in held.items())
    return Shares(used, unused, repeated, constants, merged)


def _is_worked_out(learned: Learned, origin: Constants) -> bool:
    return isinstance(learned.source, Constant) and not origin.is_stored(learned.source.node)


def _parameters(learned: Learned, origin: Constants) -> frozenset[str]:
    return origin.parameters(learned.source.node) if isinstance(learned.source, Constant) else frozenset()


def _tensor(learned: Learned, origin: Constants) -> Tensor:
    if not isinstance(learned.source, Constant):
        return learned.source()
    # In 64 bits a module works its weights out in 64 bits, and so must what our network is given.
    precision = torch.float64 if _is_worked_out(learned, origin) else None
    found = origin.tensor(learned.source.node, precision=precision)
    return found if learned.order is None else found.permute(learned.order)


def _shapes(op: Op, inputs: tuple[TensorType, ...]) -> Mapping[str, tuple[int, ...]]:
    return {name: tuple(map(int, shape)) for name, shape in op.weights(*inputs).items()}


def _numbers(shapes: Mapping[str, object], name: str) -> int:
    from math import prod

    shape = shapes[name]
    assert isinstance(shape, tuple)
    return prod(map(int, shape))
