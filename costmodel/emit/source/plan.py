"""How one group of a network is written: as a sequence where it stands, or as a class of its own."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from costmodel.emit.source.expression import Argument, Call, Expression, New, entries
from costmodel.emit.source.order import Order
from costmodel.emit.source.tree import Group, Line

Options = Mapping[tuple[int, str], Expression]


@dataclass(frozen=True)
class Plan:
    """How a group is written.

    Args:
        group: the layers.
        order: in which they run.
        sequence: the container of torch that runs its entries one after the other; empty where a class has
            a `forward` of its own.
        members: its submodules by name.
        options: what functions are called with, by the number of the item and the name.
        has_class: whether it is a class; else it is written where it stands.
    """

    group: Group
    order: Order
    sequence: str
    members: Mapping[str, Expression]
    options: Options
    has_class: bool

    @property
    def expression(self) -> Expression:
        """What makes it in the group that it stands in."""
        return New(self.group.path) if self.has_class else self.sequential

    @property
    def sequential(self) -> Call:
        """Its entries in their container."""
        return Call(self.sequence, self.arguments_of(self.members))

    def arguments_of(self, members: Mapping[str, Expression]) -> tuple[Argument, ...]:
        """What its container is made of, given its entries."""
        if self.group.is_list:
            return tuple(Argument("", each) for each in members.values())
        return (Argument("", entries("OrderedDict", members)),)


def _form(line: Line) -> Hashable:
    form = line.form
    return form.module, form.call, form.crops, form.fills


def run_pattern(order: Order) -> Hashable:
    """Which layer reads which, by numbers in place of names: groups that run alike have equal patterns."""
    # Edges have the names of their layers in the graph, which differ between groups alike.
    local = {name: f"in{number}" for number, name in enumerate(order.inputs)}
    found = []
    for number, item in enumerate(order.items):
        part = item.part
        inputs = part.inputs if isinstance(part, Line) else item.inputs
        how = _form(part) if isinstance(part, Line) else ()
        found.append((item.access, how, tuple(local[name] for name in inputs)))
        local |= {name: f"{number}.{place}" for place, name in enumerate(item.outputs)}
    return tuple(found), tuple(local[name] for name in order.outputs)
