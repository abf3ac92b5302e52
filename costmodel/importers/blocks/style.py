"""How numbers of channels are written: as they are, or as a share of one width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import lcm

from costmodel.graph import INPUT, Graph, Node
from costmodel.importers.blocks.bodies import Leaf, Scalar
from costmodel.importers.blocks.parameters import CHANNELS, GROUPS, Literal
from costmodel.importers.blocks.texts import scalar_text
from costmodel.spec.fields import fields_of

WIDTH = "width"
GROUPED = ("groups", "parts", "heads")  # fields of how many parts channels are in


@dataclass(frozen=True)
class Style:
    """What stands for a number.

    Args:
        graph: the network.
        is_free: whether channels are shares of one width.
        classes: the layer that answers the classes; empty where none does.
        used: the channels that were written, as they are at a width of 1.
    """

    graph: Graph
    is_free: bool = False
    classes: str = ""
    used: set[int] = field(default_factory=set)

    def text(self, literal: Literal, node: str = "", leaf: Leaf = ()) -> str:
        """A number of a layer, or of a call."""
        if node == self.classes and node and leaf == ("channels",):
            return "classes"
        is_width = literal.family == CHANNELS or (
            literal.family == GROUPS and self._is_depthwise(literal, node)
        )
        return self.width(literal.value) if is_width else scalar_text(literal.value)

    def width(self, value: Scalar) -> str:
        """A number of channels."""
        if not self.is_free or not isinstance(value, int):
            return scalar_text(value)
        self.used.add(value)
        return f"w{value}"

    def let(self) -> dict[str, str]:
        """What the names of the channels stand for."""
        return {f"w{value}": _share(value, self._divisor(value)) for value in sorted(self.used)}

    def _is_depthwise(self, literal: Literal, node: str) -> bool:
        found = self.graph.by_name.get(node)
        return found is not None and _in_channels(self.graph, found) == literal.value != 1

    def _divisor(self, value: int) -> int:
        """What a number of channels stays a multiple of: eight, if it is one, and the groups they are in."""
        eights = next(each for each in (8, 4, 2, 1) if value % each == 0)
        groups = (number for number, channels in self._grouped if value in channels)
        return lcm(eights, *(each for each in groups if value % each == 0))

    @cached_property
    def _grouped(self) -> list[tuple[int, frozenset[int]]]:
        """Groups of layers, and the channels that are in them: ahead of the layer and behind it."""
        parts: dict[str, frozenset[int]] = {INPUT: frozenset()}
        found = []
        for node in self.graph.nodes:
            parts[node.name] = _joined(self.graph, node, parts)
            groups = next((getattr(node.op, each) for each in GROUPED if hasattr(node.op, each)), None)
            if isinstance(groups, int) and groups not in (1, _in_channels(self.graph, node)):
                found.append((groups, parts[node.inputs[0]] | parts[node.name]))
        return found


def _joined(graph: Graph, node: Node, parts: Mapping[str, frozenset[int]]) -> frozenset[int]:
    """The channels behind a layer, and those that were joined to them."""
    own = frozenset({int(graph.types[node.name].channels)})
    if "channels" in fields_of(type(node.op).word):
        return own
    return own.union(*(parts[each] for each in node.inputs))


def _in_channels(graph: Graph, node: Node) -> int:
    return int(graph.types[node.inputs[0]].channels)


def _share(value: int, divisor: int) -> str:
    share = f"{value} * {WIDTH}"
    return f"round8({share})" if divisor == 8 else f"round_to({share}, {divisor})"
