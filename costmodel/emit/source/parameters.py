"""The arguments of a class: what differs between the groups that it stands for, by the spec's names."""

from __future__ import annotations

import keyword
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from costmodel.emit.modules.written import literal
from costmodel.emit.source.expression import Value
from costmodel.emit.source.plan import Plan
from costmodel.names import identifier

MOST_TIMES = 8  # so many times an argument of the spec, such as 4 * inner
RESERVED = frozenset({"self", "torch", "nn", "F", "Any", "Tensor", "OrderedDict", "range", "super", "float"})
# Where a person would write a computation: half of a kernel, a multiple of a width.
_HALVED = ("padding", "before")
_TIMED = ("in_channels", "channels", "groups")


@dataclass(frozen=True)
class Parameter:
    """An argument of a class.

    Args:
        name: what it is called.
        values: its value in each of the groups.
        default: what it is where none is given; None where one must be.
    """

    name: str
    values: tuple[object, ...]
    default: object = None

    @property
    def annotation(self) -> str:
        """Its type."""
        kind = type(self.values[0]).__name__
        return "tuple[int, ...]" if kind == "tuple" else kind


def parameters_of(
    plans: Sequence[Plan], vectors: Sequence[Sequence[Value]], taken: Collection[str]
) -> tuple[list[Parameter], list[str]]:
    """The arguments of a class, none of a name that is taken, and what is written for each of its values."""
    naming = _Naming(plans, taken)
    texts = [naming.text(vector) for vector in vectors]
    # Python wants arguments with a default behind those without.
    ordered = sorted(naming.found.values(), key=lambda parameter: parameter.default is not None)
    return ordered, texts


class _Naming:
    def __init__(self, plans: Sequence[Plan], taken: Collection[str]) -> None:
        self.found: dict[tuple[str, ...], Parameter] = {}
        self._spec = dict(_arguments(plans))
        self._taken = {*taken, *RESERVED, *(name for plan in plans for name in plan.members)}

    def text(self, vector: Sequence[Value]) -> str:
        first, alike = vector[0], _key([each.value for each in vector])
        if len(set(alike)) == 1:
            return literal(first.value)
        if alike in self.found or alike in self._spec:
            return self._parameter(vector, alike)
        return self._computed(vector) or self._parameter(vector, alike)

    def _parameter(self, vector: Sequence[Value], alike: tuple[str, ...]) -> str:
        if alike not in self.found:
            default = vector[0].default
            has_default = default is not None and repr(default) in alike
            values = tuple(each.value for each in vector)
            self.found[alike] = Parameter(
                self._name(vector[0], alike), values, default if has_default else None
            )
        return self.found[alike].name

    def _computed(self, vector: Sequence[Value]) -> str:
        """A value computed from another argument: half a kernel, or so many times a width."""
        # Not `isinstance`, to which True is a number.
        numbers = [each.value for each in vector if type(each.value) is int]
        if len(numbers) < len(vector) or not vector[0].can_compute:
            return ""
        wanted = vector[0].key
        # Arguments that the class has anyway come first, so that it gets no further one for a computation.
        for key, given in (*self._numbers(self.found), *self._numbers(self._spec)):
            if wanted in _HALVED and numbers == [number // 2 for number in given]:
                return f"{self._named(key, given)} // 2"
        for key, given in self._numbers(self._spec):
            for times in range(2, MOST_TIMES + 1):
                if wanted in _TIMED and numbers == [times * number for number in given]:
                    return f"{times} * {self._named(key, given)}"
        return ""

    def _numbers(self, keys: Iterable[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], list[int]]]:
        """Those arguments that are whole numbers, and not the same everywhere."""
        for key in keys:
            if len(set(key)) > 1 and all(map(str.isdigit, key)):
                yield key, [int(text) for text in key]

    def _named(self, key: tuple[str, ...], values: Sequence[int]) -> str:
        if key not in self.found:
            self.found[key] = Parameter(self._free([self._spec[key]]), tuple(values))
        return self.found[key].name

    def _name(self, value: Value, alike: tuple[str, ...]) -> str:
        key = value.key
        longer = ["_".join((*value.path[-length:], key)) for length in range(1, len(value.path) + 1)]
        wanted = [self._spec[alike]] if alike in self._spec else []
        # A name that says enough by itself; others are told by their layer, such as `a_channels`.
        if key == "in_channels" or value.is_argument or not value.path:
            wanted.append(key)
        return self._free([*wanted, *longer])

    def _free(self, wanted: Sequence[str]) -> str:
        taken = {parameter.name for parameter in self.found.values()} | self._taken
        names = [identifier(name) for name in wanted]
        last = names[-1]
        while last in taken:
            last += "_"
        return next((name for name in names if name not in taken), last)


def _key(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(map(repr, values))


def _arguments(plans: Sequence[Plan]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The spec's arguments of the groups that are whole numbers, by their values."""
    blocks = [plan.group.block for plan in plans]
    if None in blocks:
        return
    names = [name for name in blocks[0].arguments if not keyword.iskeyword(name)] if blocks[0] else []
    for name in reversed(names):  # the first of equal arguments stays
        values = [block.arguments.get(name) for block in blocks if block is not None]
        if all(type(value) is int for value in values):
            yield _key(values), name
