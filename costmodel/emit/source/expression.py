"""Expressions of an emitted file: what makes a layer, with the values that may differ between blocks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace

from costmodel.names import identifier

Path = tuple[str, ...]


@dataclass(frozen=True)
class Value:
    """A value that an argument of a block may stand for.

    Args:
        value: what it is in this block.
        path: the layer that takes it, by the parts of its name in the block.
        key: the layer's argument.
        default: what it is where nothing is given; None where something must be.
        can_compute: whether a computation may stand in its place, such as `time // 2`.
        is_argument: whether it is given to a block, whose argument has the name already.
    """

    value: object
    path: tuple[str, ...]
    key: str
    default: object = None
    can_compute: bool = True
    is_argument: bool = False


@dataclass(frozen=True)
class Raw:
    """Text that is the same in all blocks alike."""

    text: str


@dataclass(frozen=True)
class Argument:
    """One argument of a call, left out where it is its default."""

    name: str
    value: Expression
    default: object = None


@dataclass(frozen=True)
class Call:
    """A call; of "", a tuple; of "{}", a dictionary; of "[]", a list."""

    function: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class New:
    """A block of a class of its own.

    Args:
        path: the prefix of its layers' names.
        at: its name in the block that makes it, in parts.
    """

    path: Path
    at: Path = ()


@dataclass(frozen=True)
class Repeat:
    """Equal entries of a sequence."""

    entry: Expression
    count: Value | Raw


Expression = Value | Raw | Call | New | Repeat
KeyOf = Callable[[Path], Hashable]


def call(function: str, *unnamed: Expression, **named: Expression) -> Call:
    """A call without defaults."""
    return Call(
        function, (*(Argument("", each) for each in unnamed), *(Argument(*each) for each in named.items()))
    )


def entries(function: str, members: Mapping[str, Expression]) -> Call:
    """A container of members by name: `OrderedDict`, whose names are arguments where they can be, or `{}`."""
    listed = tuple(Argument(name, each) for name, each in members.items())
    if function == "{}" or all(identifier(name) == name for name in members):
        return Call(function, listed)
    return call(function, Call("{}", listed))


def value_of(value: object, path: tuple[str, ...], key: str, default: object = None) -> Expression:
    """A value as an expression: blocks may differ in each part of a tuple, but in a shape as a whole."""
    # A kernel is often `(time, 3, 3)` with one size that differs; a shape differs as a whole or not at all.
    if not isinstance(value, tuple) or key == "shape":
        return Value(value, path, key, default)
    defaults = default if isinstance(default, tuple) else (None,) * len(value)
    parts = (Value(each, path, key, other) for each, other in zip(value, defaults, strict=True))
    return call("", *parts)


def pattern(expression: Expression, key_of: KeyOf) -> Hashable:
    """What expressions must share to be one text; their values may differ."""
    match expression:
        case Value():
            # Not the value: what differs there is an argument of the class.
            return (expression.path, expression.key)
        case Raw():
            return expression.text
        case New():
            return (expression.at, key_of(expression.path))
        case Repeat():
            return ("repeat", pattern(expression.entry, key_of), isinstance(expression.count, Value))
        case Call():
            arguments = ((each.name, pattern(each.value, key_of)) for each in expression.arguments)
            return (expression.function, *arguments)


def values(expression: Expression) -> Iterator[Value]:
    """The values in an expression, in order."""
    match expression:
        case Value():
            yield expression
        case Repeat():
            yield from values(expression.entry)
            yield from values(expression.count)
        case Call():
            for each in expression.arguments:
                yield from values(each.value)


def mapped(expression: Expression, change: Callable[[Value | New], Expression]) -> Expression:
    """The expression with its values and blocks changed, in the order of `values`."""
    match expression:
        case Value() | New():
            return change(expression)
        case Repeat():
            entry, count = mapped(expression.entry, change), mapped(expression.count, change)
            assert isinstance(count, Value | Raw)
            return Repeat(entry, count)
        case Call():
            changed = (replace(each, value=mapped(each.value, change)) for each in expression.arguments)
            return Call(expression.function, tuple(changed))
    return expression


def placed(expression: Expression, name: str) -> Expression:
    """An expression as the group around it sees it: all its paths begin with this name."""

    def moved(each: Value | New) -> Expression:
        if isinstance(each, New):
            return replace(each, at=(name, *each.at))
        return replace(each, path=(name, *each.path))

    return mapped(expression, moved)
