"""The classes of an emitted file: one for groups alike, its arguments being what differs between them."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest

from torch import nn

from costmodel.emit.source.class_names import class_names
from costmodel.emit.source.expression import Argument, Call, Expression, New, Value, mapped, values
from costmodel.emit.source.parameters import Parameter, parameters_of
from costmodel.emit.source.plan import Plan
from costmodel.emit.source.plans import Plans


@dataclass(frozen=True)
class Class:
    """A class, for groups that are alike.

    Args:
        name: what it is called.
        plans: the groups, in order.
        members: the submodules of the first.
        vectors: each value that may differ, in every group.
        taken: names that no argument may have.
    """

    name: str
    plans: Sequence[Plan]
    members: Mapping[str, Expression]
    vectors: Sequence[Sequence[Value]]
    taken: Collection[str]

    @cached_property
    def _written(self) -> tuple[Sequence[Parameter], Sequence[str]]:
        return parameters_of(self.plans, self.vectors, self.taken)

    @property
    def parameters(self) -> Sequence[Parameter]:
        """The arguments that it takes."""
        return self._written[0]

    @property
    def texts(self) -> Sequence[str]:
        """What is written for each value: an argument, or the value itself."""
        return self._written[1]


class Classes:
    """The classes of a network, innermost first; the last is the network itself."""

    def __init__(self, plans: Plans, name: str, taken: Collection[str]) -> None:
        self._plans = plans
        alike: dict[Hashable, list[Plan]] = {}
        for path, plan in plans.plans.items():
            if plan.has_class and path:
                alike.setdefault(plans.key(path), []).append(plan)
        # Last, behind all classes that it makes.
        alike["network"] = [plans.plans[()]]
        names = class_names(list(alike.values())[:-1], {name, *taken})
        self._names = dict(zip_longest(alike, names, fillvalue=name))
        self._alike = alike
        # An argument of the name of a module's method, such as `train`, would hide it once it is kept.
        self._taken = {*self._names.values(), *taken, *dir(nn.Module())}
        self._made: dict[Hashable, Class] = {}

    def __iter__(self) -> Iterator[Class]:
        return (self._class(key) for key in self._alike)

    def _members(self, plan: Plan) -> Mapping[str, Expression]:
        """The submodules of a group, blocks as calls of their classes."""
        return {name: mapped(each, self._resolved) for name, each in plan.members.items()}

    def _class(self, key: Hashable) -> Class:
        if key not in self._made:
            plans = self._alike[key]
            vectors = tuple(zip(*map(self._values, plans), strict=True))
            members = self._members(plans[0])
            self._made[key] = Class(self._names[key], plans, members, vectors, self._taken)
        return self._made[key]

    def _values(self, plan: Plan) -> list[Value]:
        """The values of a group that may differ, in the order in which they are written: members first."""
        found = [value for each in self._members(plan).values() for value in values(each)]
        options = [value for each in plan.options.values() for value in values(each)]
        # An option is read in `forward`, where an argument is
        # `self.time`; a computed text would not be found there.
        return [*found, *(replace(value, can_compute=False) for value in options)]

    def _resolved(self, each: Value | New) -> Expression:
        if isinstance(each, Value):
            return each
        made = self._class(self._plans.key(each.path))
        # Groups alike share their class, each with its own values at its own place in the parameters.
        at = [plan.group.path for plan in made.plans].index(each.path)
        return Call(made.name, tuple(_given(parameter, at, each) for parameter in made.parameters))


def _given(parameter: Parameter, at: int, block: New) -> Argument:
    """The argument that a block gives to its class, of the groups alike the one at a place."""
    name, default = parameter.name, parameter.default
    value = Value(parameter.values[at], block.at, name, default, is_argument=True)
    return Argument(name, value, default)
