"""What an exported program works out without its input: parameters, buffers, masks, positions."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, fx
from torch._ops import OpOverload
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind
from torch.fx.node import map_arg

_ATEN = torch.ops.aten
# Calls that read nothing of their input but its shape, and the number of all their values; None: an argument.
_FILLED: Mapping[OpOverload, int | None] = {
    _ATEN.zeros_like.default: 0,
    _ATEN.ones_like.default: 1,
    _ATEN.full_like.default: None,
    _ATEN.new_zeros.default: 0,
    _ATEN.new_ones.default: 1,
    _ATEN.new_full.default: None,
}
# What takes a part of a tensor, or arranges it anew.
PARTS = ("chunk", "split", "slice", "select", "getitem", "view", "reshape", "transpose", "permute", "t.")


def freed_of_input(graph: fx.Graph) -> None:
    """Makes constants of the calls that read nothing of a tensor but its shape, such as `zeros_like`."""
    for node in graph.nodes:
        if node.target not in _FILLED:
            continue
        found, value = node.meta["val"], _FILLED[node.target]
        number = node.args[-1] if value is None else value
        if isinstance(number, fx.Node):
            continue
        node.target, node.args = _ATEN.full.default, (list(found.shape), number)
        node.kwargs = {"dtype": found.dtype}


class Constants:
    """The tensors of an exported program that no input decides, worked out where one is asked for."""

    def __init__(self, program: ExportedProgram) -> None:
        self._program = program
        self._specs = {each.arg.name: each for each in program.graph_signature.input_specs}

    def tensor(
        self,
        node: fx.Node,
        given: Mapping[fx.Node, Tensor] | None = None,
        precision: torch.dtype | None = None,
    ) -> Tensor:
        """What a node that no input decides answers.

        Args:
            node: the node.
            given: what some of the nodes ahead of it answer in place of their own.
            precision: that it is worked out in; None: in the parameters' own.
        """
        # Nothing is kept: what masks are worked out from would fill the memory.
        found: dict[fx.Node, object] = dict(given or {})
        for each in _order(node, found):
            if each.op != "placeholder":
                found[each] = _computed(each, found)
                continue
            placed = self._placed(each)
            found[each] = placed.to(precision) if precision and placed.is_floating_point() else placed
        answer = found[node]
        assert isinstance(answer, Tensor)
        return answer

    def is_one(self, node: fx.Node) -> bool:
        """Whether no input decides what a node answers."""
        given = (each for each in _order(node, {}) if each.op == "placeholder")
        return all(self._specs[each.name].kind != InputKind.USER_INPUT for each in given)

    def parameters(self, node: fx.Node) -> frozenset[str]:
        """The module's parameters that a node is worked out from, by name."""
        return frozenset(str(self._specs[each.name].target) for each in self.learned(node))

    def learned(self, node: fx.Node) -> tuple[fx.Node, ...]:
        """The nodes of the module's parameters that a node is worked out from."""
        given = (each for each in _order(node, {}) if each.op == "placeholder")
        return tuple(each for each in given if self._specs[each.name].kind == InputKind.PARAMETER)

    def is_stored(self, node: fx.Node) -> bool:
        """Whether a node answers a parameter or a buffer as it is, or a part of one in whatever order."""
        while node.op != "placeholder":
            if not _called(node).startswith(PARTS) or len(node.all_input_nodes) != 1:
                return False
            (node,) = node.all_input_nodes
        return True

    def needed(self) -> frozenset[str]:
        """The parameters that the module's answer depends on, by name."""
        # Asked of the program and not of our layers, which are compared with it.
        (output,) = (each for each in self._program.graph.nodes if each.op == "output")
        return self.parameters(output)

    def sizes(self) -> dict[str, int]:
        """How many numbers each of the module's parameters has, by name."""
        return {name: value.numel() for name, value in self._program.named_parameters()}

    def _placed(self, node: fx.Node) -> Tensor:
        target = str(self._specs[node.name].target)
        found = self._program.state_dict.get(target)
        if found is None:
            found = self._program.constants[target]
        assert isinstance(found, Tensor)
        return found.detach()


def _order(node: fx.Node, known: Mapping[fx.Node, object]) -> list[fx.Node]:
    """The nodes that a node is worked out from, and itself, each behind its inputs."""
    found: dict[fx.Node, None] = {}
    waiting = [node]
    while waiting:
        each = waiting[-1]
        left = [one for one in each.all_input_nodes if one not in found and one not in known]
        if left:
            waiting += left
        else:
            found[waiting.pop()] = None
    return [each for each in found if each not in known]


def _called(node: fx.Node) -> str:
    return "getitem" if node.target is operator.getitem else str(node.target).removeprefix("aten.")


def _computed(node: fx.Node, found: Mapping[fx.Node, object]) -> object:
    def worked_out(each: fx.Node) -> Any:  # whatever torch answers, as a part of several
        return found[each]

    arguments = map_arg(node.args, worked_out), map_arg(node.kwargs, worked_out)
    assert callable(node.target)
    answer: object = node.target(*arguments[0], **arguments[1])
    return answer
