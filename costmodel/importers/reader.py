"""Reads an exported program node by node into layers of ours."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass

from torch import fx
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind

from costmodel.graph import Graph
from costmodel.importers.builder import Builder
from costmodel.importers.call import Call, shape_of_node
from costmodel.importers.constants import Constants
from costmodel.importers.dimensions import must_be_whole
from costmodel.importers.foreign import REFUSE, Unread, stand_in
from costmodel.importers.learned import Weights
from costmodel.importers.lines import line_of
from costmodel.importers.naming import path_of
from costmodel.importers.parts import channels_at, settled
from costmodel.importers.refusal import Refusal, UnknownCall, refused
from costmodel.importers.rules import RULES
from costmodel.importers.value import Canvas, Constant, Found, Scores, Unknown, Value, whole_value
from costmodel.types import TensorType

# Ops that answer nothing a layer reads, or only check.
IGNORED = ("_assert_scalar.default", "sym_size.int", "_assert_async.msg", "_assert_tensor_metadata.default")
# A call that stands for one that has no counterpart, wherever it stands.
REFUSED = "costmodel.no_counterpart.default"


@dataclass(frozen=True)
class Reading:
    """A module as a network of ours.

    Args:
        graph: the layers.
        answer: the output of the module, as part of the graph's output.
        weights: where each layer's tensors come from.
        calls: the node that each layer stands for.
        whole: the layers with those that the answer does not need.
        holes: the calls that are not known, where the rest was to be read all the same.
    """

    graph: Graph
    whole: Graph
    answer: Value
    weights: Mapping[str, Weights]
    calls: Mapping[str, fx.Node]
    holes: tuple[UnknownCall, ...] = ()

    @property
    def foreign(self) -> tuple[str, ...]:
        """The layers that stand for calls that no rule reads."""
        return tuple(node.name for node in self.graph.nodes if not node.op.runs)


def read(
    program: ExportedProgram,
    name: str,
    source: TensorType,
    order: tuple[str, ...],
    constants: Constants,
    unread: Unread = REFUSE,
) -> Reading:
    """The layers of an exported program.

    Args:
        program: the module's, exported.
        name: what the network is called.
        source: the type of its clip.
        order: the axes of its input, the batch's included.
        constants: what it works out without its input.
        unread: what becomes of calls that no rule reads.

    Raises:
        ModuleError: some calls have no layer of ours; it lists them all.
    """
    return _Reader(program, name, source, order, constants, unread).read()


class _Reader:
    def __init__(
        self,
        program: ExportedProgram,
        name: str,
        source: TensorType,
        order: tuple[str, ...],
        constants: Constants,
        unread: Unread,
    ) -> None:
        self.unread, self.holes = unread, list[UnknownCall]()
        self.parameters = {
            each.arg.name for each in program.graph_signature.input_specs if each.kind == InputKind.PARAMETER
        }
        self.program, self.name, self.order = program, name, order
        inputs = [each for each in program.graph.nodes if each.op == "placeholder"]
        kinds = {each.arg.name: each.kind for each in program.graph_signature.input_specs}
        self.given = next(each for each in inputs if kinds[each.name] == InputKind.USER_INPUT)
        batch = shape_of_node(self.given)[order.index("batch")]
        self.builder = Builder(source, batch, constants)
        self.needed = _needed(program.graph)
        self.known: dict[fx.Node, Found] = {}
        self.unknown: list[UnknownCall] = []

    def read(self) -> Reading:
        for node in self.program.graph.nodes:
            if node.op == "output":
                break
            self.known[node] = self._found(node)
        if self.unknown:
            raise refused(self.name, (*self.holes, *self.unknown))
        answer = self._answer(node)
        graph = self.builder.graph(self.name, answer.edge)
        kept = graph.by_name
        weights = {each: found for each, found in self.builder.weights.items() if each in kept}
        whole = Graph(self.name, self.builder.source, tuple(self.builder.nodes))
        return Reading(graph, whole, answer, weights, self.builder.calls, tuple(self.holes))

    def _found(self, node: fx.Node) -> Found:
        if node is self.given:
            return whole_value("input", self.builder.source, self.builder.batch, self.order)
        inputs = [self.known[each] for each in node.all_input_nodes]
        if node.target is operator.getitem:
            return self._item(node, inputs[0])
        if not any(_depends(each) for each in inputs):
            return Constant(node, shape_of_node(node), node.name in self.parameters)
        target = _target(node)
        if target in IGNORED:
            return Unknown()
        is_told = target in RULES and target != REFUSED
        if any(_is_unknown(each) for each in inputs) and is_told:
            return Unknown(shape_of_node(node))  # told where it began
        try:
            return self._ruled(node, target)
        except Refusal as refusal:
            return self._without_rule(node, refusal)

    def _without_rule(self, node: fx.Node, refusal: Refusal) -> Found:
        """A layer in the place of a call that no rule reads, where one is declared, or holes are let pass."""
        op = refusal.op or _name(node)
        declared = self.unread.declared(op)
        inputs = [self.known[each] for each in node.all_input_nodes]
        try:
            if declared is None and not self.unread.goes_on:
                raise refusal
            found = stand_in(Call(node, self.known, self.builder), inputs, op, declared, refusal)
        except Refusal as last:
            if node in self.needed:
                self._refuse(node, last)
            return Unknown(shape_of_node(node))
        if declared is None:
            self.holes.append(self._unknown(node, refusal))
        return found

    def _ruled(self, node: fx.Node, target: str) -> Found:
        if target not in RULES:
            raise Refusal("is no layer of ours", _nearest(target))
        call = Call(node, self.known, self.builder)
        found = RULES[target](call)
        unread = call.given.unread
        if unread:
            shown = ", ".join(f"{name}={value}" for name, value in unread.items())
            raise Refusal(f"{shown} is not read by its rule", "leave that argument at its default")
        if isinstance(found, Value | Canvas | Scores) and found.shape != shape_of_node(node):
            raise Refusal(f"was followed to {found.shape}, and torch answers {shape_of_node(node)}")
        return found

    def _item(self, node: fx.Node, found: Found) -> Found:
        if not isinstance(found, tuple):
            return Unknown() if _depends(found) else Constant(node, shape_of_node(node))
        index = node.args[1]
        assert isinstance(index, int)
        if index < len(found) and found[index] != ():
            return found[index]
        self._refuse(node, Refusal(f"reads output {index}, of which no layer is made"))
        return Unknown()

    def _refuse(self, node: fx.Node, refusal: Refusal) -> None:
        self.unknown.append(self._unknown(node, refusal))

    def _unknown(self, node: fx.Node, refusal: Refusal) -> UnknownCall:
        takes = tuple(shape_of_node(each) for each in node.all_input_nodes if _depends(self.known[each]))
        where = line_of(node), path_of(node), takes, shape_of_node(node)
        op = refusal.op or _name(node)
        return UnknownCall(op, *where, refusal.reason, refusal.nearest)

    def _answer(self, node: fx.Node) -> Value:
        answers = [each for each in node.all_input_nodes if _depends(self.known[each])]
        try:
            return self._one_answer(node, answers)
        except Refusal as refusal:
            self._refuse(answers[0] if answers else node, refusal)
            raise refused(self.name, self.unknown) from refusal

    def _one_answer(self, node: fx.Node, answers: list[fx.Node]) -> Value:
        if len(answers) != 1:
            raise Refusal(
                f"the network answers {len(answers)} tensors that depend on the clip, expected one",
                "wrap it in a module that returns the one that counts",
            )
        call = Call.of_output(answers[0], self.known, self.builder)
        value = call.as_value(self.known[answers[0]])
        if value.is_each:
            raise Refusal("the network answers one frame of a loop", "stack the frames")
        for index, dim in enumerate(value.dims):
            if any(atom.axis == "channels" for atom in dim) and len({atom.axis for atom in dim}) == 1:
                value = channels_at(self.builder, answers[0], value, index)
        value = settled(self.builder, answers[0], value)
        must_be_whole(value, range(len(value.dims)), joins_channels=True)
        return value


def _target(node: fx.Node) -> str:
    return str(node.target).removeprefix("aten.")


def _needed(graph: fx.Graph) -> frozenset[fx.Node]:
    """The calls that the answer hangs on: what no layer is beside them may stay unread."""
    found: set[fx.Node] = set()
    for node in reversed(graph.nodes):
        if node.op == "output" or node in found:
            found.update(node.all_input_nodes)
    return frozenset(found)


def _name(node: fx.Node) -> str:
    """What a call is called: without its overload, with its namespace where it is none of torch's own."""
    target = _target(node)
    return target.rpartition(".")[0] or target


def _depends(found: Found) -> bool:
    return not isinstance(found, Constant)


def _is_unknown(found: Found) -> bool:
    return isinstance(found, Unknown)


def _nearest(target: str) -> str:
    from costmodel.errors import nearest

    told = nearest(target.split(".")[0], {each.split(".")[0] for each in RULES}, listed=" ")
    return told.strip(" ()") if "mean" in told else ""
