"""Expressions as lines of Python, broken at their brackets where they are too long for one."""

from __future__ import annotations

from collections.abc import Iterable

from costmodel.emit.modules.written import literal
from costmodel.emit.source.expression import Argument, Call, Expression, Raw, Repeat, Value

INDENT = "    "
WIDEST = 110
CONTAINERS = ("OrderedDict", "{}")
_BRACKETS = {"": ("(", ")"), "{}": ("{", "}"), "[]": ("[", "]")}


def line(expression: Expression) -> str:
    """An expression on one line."""
    match expression:
        case Value():
            return literal(expression.value)
        case Raw():
            return expression.text
        case Repeat():
            entry, count = line(expression.entry), line(expression.count)
            return entry if count == "1" else f"*({entry} for _ in range({count}))"
        case Call():
            opening, closing = _brackets(expression)
            written = [_name(expression, each) + line(each.value) for each in _shown(expression)]
            # Python's tuple of one.
            comma = "," if expression.function == "" and len(written) == 1 else ""
            return f"{opening}{', '.join(written)}{comma}{closing}"
    raise AssertionError(expression)  # a block of its own is a call by now


def lines(
    ahead: str, expression: Expression, behind: str = "", room: int = WIDEST - 2 * len(INDENT)
) -> list[str]:
    """An expression between two texts, in as many lines as it takes; by default a statement of a method."""
    whole = f"{ahead}{line(expression)}{behind}"
    if len(whole) <= room and not _must_break(expression):
        return [whole]
    match expression:
        case Repeat() if line(expression.count) != "1":
            entry = lines("", expression.entry, room=room - len(INDENT))
            inner = [*entry, f"for _ in range({line(expression.count)})"]
            return [f"{ahead}*(", *indented(inner), f"){behind}"]
        case Repeat():
            return lines(ahead, expression.entry, behind, room)
        case Call(function) if function:
            opening, closing = _brackets(expression)
            inner = _arguments(expression, room - len(INDENT))
            return [f"{ahead}{opening}", *indented(inner), f"{closing}{behind}"]
    return [whole]


def indented(inner: Iterable[str], depth: int = 1) -> list[str]:
    """Lines further in; empty ones stay empty."""
    return [f"{INDENT * depth}{each}" if each else each for each in inner]


def _arguments(expression: Call, room: int) -> list[str]:
    """The arguments on one line where they are simple, or each on its own."""
    shown = _shown(expression)
    if not any(_is_nested(each.value) for each in shown):
        flat = ", ".join(_name(expression, each) + line(each.value) for each in shown)
        if len(flat) <= room and expression.function not in CONTAINERS:
            return [flat]
    # As formatters have it: no comma behind one unnamed argument, such as a list.
    is_alone = len(shown) == 1 and not shown[0].name
    comma = "" if is_alone else ","
    return [text for each in shown for text in lines(_name(expression, each), each.value, comma, room)]


def _must_break(expression: Expression) -> bool:
    """Whether it holds several layers by name, which are read best one below the other."""
    match expression:
        case Call():
            several = expression.function in CONTAINERS and len(expression.arguments) > 1
            return several or any(_must_break(each.value) for each in expression.arguments)
        case Repeat():
            return _must_break(expression.entry)
    return False


def _shown(expression: Call) -> list[Argument]:
    """The arguments that are not their defaults."""
    return [
        each
        for each in expression.arguments
        if not each.name or each.default is None or line(each.value) != literal(each.default)
    ]


def _is_nested(expression: Expression) -> bool:
    return isinstance(expression, Repeat) or (isinstance(expression, Call) and bool(expression.function))


def _name(expression: Call, argument: Argument) -> str:
    if not argument.name:
        return ""
    return f"{argument.name!r}: " if expression.function == "{}" else f"{argument.name}="


def _brackets(expression: Call) -> tuple[str, str]:
    opening, closing = _BRACKETS.get(expression.function, ("(", ")"))
    function = "" if expression.function in _BRACKETS else expression.function
    return f"{function}{opening}", closing
