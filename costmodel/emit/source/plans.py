"""The plans of all groups of a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping
from itertools import groupby

from costmodel.emit.source.expression import (
    Call,
    Expression,
    New,
    Path,
    Repeat,
    Value,
    call,
    entries,
    pattern,
    placed,
)
from costmodel.emit.source.members import entries_of, modules, options_of, padding_ahead
from costmodel.emit.source.order import Access, Item, Order, Orders
from costmodel.emit.source.plan import Plan, run_pattern
from costmodel.emit.source.tree import Group, Line, is_numbered
from costmodel.graph import Graph


def plans_of(graph: Graph, root: Group) -> Plans:
    """How all groups of a network are written."""
    orders = Orders(graph)
    # Which groups are alike is known when all have been planned: a first pass finds those that are alone.
    alone = Plans(orders, root, graph.is_stream).lonely
    return Plans(orders, root, graph.is_stream, alone)


class Plans:
    """The plans of all groups of a network that run at once, by their prefix.

    Args:
        orders: in which groups run.
        root: the network.
        is_stream: whether it runs frame by frame.
        alone: groups that no other is like, by their prefix: a sequence among them needs no class.
    """

    def __init__(self, orders: Orders, root: Group, is_stream: bool, alone: Collection[Path] = ()) -> None:
        self._orders = orders
        self._is_stream = is_stream
        self._alone = alone
        self._keys: dict[Path, Hashable] = {}
        self._numbers: dict[Hashable, int] = {}
        self.plans: dict[Path, Plan] = {}
        self._add(root)

    @property
    def lonely(self) -> frozenset[Path]:
        """The prefixes of the groups that occur once: no other group is written alike."""
        uses = Counter(map(self.key, self.plans))
        return frozenset(path for path in self.plans if uses[self.key(path)] == 1)

    def key(self, path: Path) -> Hashable:
        """What groups must share to be one class."""
        if path not in self._keys:
            plan = self.plans[path]
            members = tuple((name, pattern(each, self.key)) for name, each in plan.members.items())
            options = tuple((at, pattern(each, self.key)) for at, each in plan.options.items())
            whole = (plan.group.word, plan.sequence, members, options, run_pattern(plan.order))
            # A number in place of the pattern, which would hold those of all groups in it, and so on down.
            self._keys[path] = self._numbers.setdefault(whole, len(self._numbers))
        return self._keys[path]

    def _add(self, group: Group) -> None:
        order = self._orders.of(group)
        for item in order.items:
            if isinstance(item.part, Group):
                self._add(item.part)
        sequence = self._sequence(group, order)
        if sequence:
            members = self._entries(group, order)
            # A sequence that stands in one place is shorter where it stands.
            has_class = group.block is not None and group.path not in self._alone
            self.plans[group.path] = Plan(group, order, sequence, members, {}, has_class)
            return
        options = {
            (number, key): each
            for number, item in enumerate(order.items)
            for key, each in _all_options(item).items()
        }
        members = self._nested(order.items, order.opened, ())
        self.plans[group.path] = Plan(group, order, "", members, options, has_class=True)

    def _sequence(self, group: Group, order: Order) -> str:
        """The container that runs a group as it is; empty where none does."""
        if not group.path or not order.is_chain:
            return ""
        lines = [item.part for item in order.items if isinstance(item.part, Line)]
        if any(entries_of(line) is None for line in lines):
            return ""
        if not self._is_stream or all(line.form.takes_nothing for line in lines):
            return "nn.Sequential"  # what runs at every step takes None by itself
        return "" if any(_waits(item.part) for item in order.items) else "StreamSequential"

    def _entries(self, group: Group, order: Order) -> Mapping[str, Expression]:
        if group.is_list:
            return {str(at): each for at, each in enumerate(self._listed(order))}
        found: dict[str, Expression] = {}
        for item in order.items:
            found |= self._entry(item)
        return found

    def _entry(self, item: Item) -> Mapping[str, Expression]:
        if isinstance(item.part, Line):
            return dict(entries_of(item.part) or ())
        return {item.part.name: placed(self.plans[item.part.path].expression, item.part.name)}

    def _listed(self, order: Order) -> list[Expression]:
        """The entries of a list, equal ones together."""
        made = [self.plans[item.part.path].expression for item in order.items if isinstance(item.part, Group)]
        found: list[Expression] = []
        # Neighbours alone: a loop over blocks that others interrupt would change their order.
        for _, run in groupby(made, key=self._whole):
            entry, *others = run
            found.append(Repeat(entry, Value(1 + len(others), (), "repeat")))
        return found

    def _whole(self, expression: Expression) -> Hashable:
        """What equal entries share: their text, and all their values."""
        return pattern(expression, self.key), tuple(self._all_values(expression))

    def _all_values(self, expression: Expression) -> list[str]:
        found: list[str] = []
        for each in _leaves(expression):
            if isinstance(each, New):
                plan = self.plans[each.path]
                inner = [*plan.members.values(), *plan.options.values()]
                found += [value for one in inner for value in self._all_values(one)]
            else:
                found.append(repr(each.value))
        return found

    def _nested(
        self, items: tuple[Item, ...], opened: frozenset[Access], at: Access
    ) -> Mapping[str, Expression]:
        """The submodules below a place; groups whose layers run one by one are containers of them."""
        found: dict[str, Expression] = {}
        for item in items:
            if item.access[: len(at)] != at or len(item.access) <= len(at):
                continue
            path = item.access[: len(at) + 1]
            if path in opened:
                inner = {} if path[-1] in found else self._nested(items, opened, path)
                found |= {path[-1]: placed(_container(inner), path[-1])} if inner else {}
            elif isinstance(item.part, Line):
                found |= dict(modules(item.part))
            else:
                found |= self._entry(item)
        return found


def _container(members: Mapping[str, Expression]) -> Expression:
    """Submodules that a `forward` above them runs one by one."""
    if is_numbered(members):
        return call("nn.ModuleList", call("[]", *members.values()))
    return call("nn.ModuleDict", entries("{}", members))


def _all_options(item: Item) -> Mapping[str, Expression]:
    if not isinstance(item.part, Line):
        return {}
    ahead = padding_ahead(item.part)
    extra = {} if ahead is None else {"frames_ahead": ahead[0], "value_ahead": ahead[1]}
    return {**extra, **options_of(item.part)}


def _waits(part: Line | Group) -> bool:
    """Whether something in it must run at every step, frame or none."""
    if isinstance(part, Line):
        return part.form.takes_nothing
    return any(_waits(line) for line in part.lines) or any(_waits(each) for each in part.groups.values())


def _leaves(expression: Expression) -> list[Value | New]:
    match expression:
        case Value() | New():
            return [expression]
        case Repeat():
            return [*_leaves(expression.entry), *_leaves(expression.count)]
        case Call():
            return [leaf for each in expression.arguments for leaf in _leaves(each.value)]
    return []
