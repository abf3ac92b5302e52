"""The fields that each layer of a spec takes, and how the value of each kind of field is read."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache, partial
from typing import Final

from costmodel.arithmetic import Scope, parse
from costmodel.conditions import assume, demand_between
from costmodel.errors import Divergence, SpecError
from costmodel.numbers import Exact, Number, Ratios, Size, even, is_array, is_exact, simplify
from costmodel.ops import OPS, Op
from costmodel.ops.base import PoolTriple
from costmodel.ops.merge import CROPS, FIRST
from costmodel.ops.windowed import Pad, Padding
from costmodel.spec.load import Item, exact_number
from costmodel.types import FASTEST

LARGEST_SIZE = 10_000_000
COMMON = ("name", "as", "from", "when", "written")
WHOLE_AXIS = "all"
SAME: Final = "same"
# Formulas hold from here on: a layer that sees and pads no other frame is one of another kind in a stream.
LEAST_IN_TIME = {"kernel": 2, "padding": 1}


@dataclasses.dataclass(frozen=True)
class Field:
    """One field of a word: its name, its kind (the op's annotation) and whether it must be given."""

    name: str
    kind: str
    required: bool


@cache
def fields_of(word: str) -> Mapping[str, Field]:
    """The fields of an op's word."""
    return {
        field.name: Field(field.name, str(field.type), field.default is dataclasses.MISSING)
        for field in dataclasses.fields(OPS[word])
        if field.name not in OPS[word].hidden
    }


def is_merge(word: str) -> bool:
    """Whether a word joins named branches."""
    return word in OPS and OPS[word].arity != 1


def expressions(item: Item, kind: str = "") -> list[Item]:
    """The items of a field of a kind that are arithmetic: itself, or the entries of a list."""
    if isinstance(item.value, list):
        return [found for entry in item.value for found in expressions(entry, kind)]
    words = CROPS if kind == "Crop" else (WHOLE_AXIS, SAME)
    return [item] if isinstance(item.value, str) and item.value not in words else []


def evaluate(item: Item, scope: Scope, wanted: str = "a number or arithmetic") -> Number:
    """The value of an item: a constant, or its text as arithmetic in a scope.

    Raises:
        SpecError: it cannot be evaluated; the message names the place and what is wanted there.
    """
    if not isinstance(item.value, str):
        if isinstance(item.value, dict | list | None):
            raise item.error(f"{item.kind}, expected {wanted}")
        return item.value
    try:
        return parse(item.value).value(scope)
    except SpecError as error:
        raise item.error(str(error)) from error


def size(item: Item, scope: Scope, least: int = 1) -> Size:
    """A whole number of at least `least`, or a symbol or an array."""
    value = evaluate(item, scope, "a whole number")
    if not is_exact(value):
        demand_between(value, least, LARGEST_SIZE)
        return value
    shown = item.kind if value is item.value else f"{item.value} = {_shown(value)}"
    # To Python true is 1, which as a size is a mistake.
    if isinstance(value, bool) or not isinstance(value, int):
        raise item.error(f"{shown}, expected a whole number")
    if not least <= value <= LARGEST_SIZE:
        raise item.error(f"{shown}, expected {least} to {LARGEST_SIZE}")
    return value


def rate(item: Item) -> Exact:
    """Camera frames a second: a number, or a quotient such as 30000/1001; no arithmetic of sizes."""
    value = exact_number(item.value) if isinstance(item.value, str) else item.value
    if isinstance(value, bool) or not isinstance(value, int | Fraction) or not 0 < value < FASTEST:
        raise item.error(f"{item.kind}, expected camera frames a second, above zero")
    return value


def _shown(value: Number) -> str:
    return f"{float(value):.10g}" if isinstance(value, Fraction) else str(value)


def _whole(item: Item, scope: Scope) -> Size:
    return size(item, scope)


def _amount(item: Item, scope: Scope) -> Size:
    """A number of anything, from 0 on, which may be far larger than an axis."""
    value = evaluate(item, scope, "a whole number")
    if not is_exact(value):
        return value
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise item.error(f"{item.kind}, expected a whole number, 0 or more")
    return value


def _number(item: Item, scope: Scope) -> int:
    """A whole number, below zero too, that decides what a layer is: which frame a shift reads."""
    value = size(item, scope, least=-LARGEST_SIZE)
    if not isinstance(value, int):
        raise item.error("decides the structure: it must be a number")
    return value


def _flag(item: Item, scope: Scope) -> bool:
    value = evaluate(item, scope, "true or false")
    # comparisons in arithmetic give 0 or 1
    if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise item.error(f"{item.kind}, expected true or false")


def _real(item: Item, scope: Scope) -> Fraction:
    value = _even_share(evaluate(item, scope, "a number from 0 to 1"))
    if is_array(value):
        parting = value.numerator / value.denominator if isinstance(value, Ratios) else value
        raise item.error("decides the structure: it must be a number") from Divergence(parting)
    if isinstance(value, int | Fraction) and not isinstance(value, bool) and 0 <= value <= 1:
        # Exact in every kind of number; a float would make all arithmetic behind it inexact.
        return Fraction(value)
    raise item.error(f"{item.kind}, expected a number from 0 to 1")


def _even_share(value: Number | bool | str) -> Number | bool | str:
    """The one fraction that an array of fractions holds everywhere; all else as it is."""
    if not isinstance(value, Ratios):
        return even(value) if is_array(value) else value
    above, below = even(value.numerator), even(value.denominator)
    return Fraction(above, below) if isinstance(above, int) and isinstance(below, int) else value


def _factor(item: Item, scope: Scope) -> int | Fraction:
    value = evaluate(item, scope, "a number above 0")
    if isinstance(value, int | Fraction) and not isinstance(value, bool) and value > 0:
        return simplify(value)
    raise item.error(f"{item.kind}, expected a number above 0")


def _factors(item: Item, scope: Scope) -> tuple[int | Fraction, ...]:
    entries = item.value if isinstance(item.value, list) else [item] * 3
    if len(entries) != 3:
        raise item.error(f"{len(entries)} values, expected three: time, height, width")
    return tuple(_factor(entry, scope) for entry in entries)


def _triple(item: Item, scope: Scope, least: int = 1) -> PoolTriple:
    entries = item.value if isinstance(item.value, list) else [item] * 3
    if len(entries) != 3:
        raise item.error(f"{len(entries)} values, expected three: time, height, width")
    time, height, width = (
        None if entry.value == WHOLE_AXIS else size(entry, scope, least) for entry in entries
    )
    return time, height, width


def _padding(item: Item, scope: Scope) -> Padding:
    """Padding of each axis: a number, one for each end, or `same`."""
    entries = item.value if isinstance(item.value, list) else [item] * 3
    if len(entries) != 3:
        raise item.error(f"{len(entries)} values, expected three: time, height, width")
    time, height, width = (_pad(entry, scope) for entry in entries)
    return time, height, width


def _pad(item: Item, scope: Scope) -> Pad:
    if item.value == SAME:
        return SAME
    if not isinstance(item.value, list):
        return size(item, scope, least=0)
    if len(item.value) != 2:
        raise item.error(f"{len(item.value)} values, expected two: ahead and behind")
    ahead, behind = (size(end, scope, least=0) for end in item.value)
    return ahead, behind


def _in_time(item: Item, name: str, time: Size | None) -> object:
    """A kernel in time and its padding may be symbols or arrays; what sets when frames come may not."""
    if time is None or isinstance(time, int | Fraction | str | tuple):
        return time
    if name not in LEAST_IN_TIME:
        number = even(time)
        if isinstance(number, int):
            return number
        message = "the first value is in time and decides the structure: it must be a number"
        raise item.error(message) from Divergence(time)
    # Not demanded: below it there is a network too, but one with other formulas.
    assume(time >= LEAST_IN_TIME[name])
    return time


def _full_triple(item: Item, scope: Scope, least: int = 1) -> PoolTriple:
    triple = _triple(item, scope, least)
    if any(each is None for each in triple):
        raise item.error("`all` is for the kernels of pools")
    return triple


def _crop(item: Item, scope: Scope) -> bool | str:
    if item.value in CROPS:
        return True if item.value == FIRST else str(item.value)
    value = evaluate(item, scope, f"true, false, {', '.join(CROPS[:-1])} or {CROPS[-1]}")
    if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise item.error(f"{item.kind}, expected true, false, {', '.join(CROPS[:-1])} or {CROPS[-1]}")


FieldValue = Size | bool | Fraction | PoolTriple | str | tuple[Size | Fraction, ...]


def _list(
    of: Callable[[Item, Scope], Size | Fraction], item: Item, scope: Scope
) -> tuple[Size | Fraction, ...]:
    if not isinstance(item.value, list) or not item.value:
        raise item.error(f"{item.kind}, expected a list")
    return tuple(of(entry, scope) for entry in item.value)


LISTS = ("Sizes | None", "Shares | None")
KINDS: Mapping[str, Callable[[Item, Scope], FieldValue]] = {
    "Size": _whole,
    "Size | None": _whole,
    "Amount": _amount,
    "int": _number,
    "bool": _flag,
    "Crop": _crop,
    "Fraction": _real,
    "Triple": _full_triple,
    "PadTriple": partial(_full_triple, least=0),
    "PoolTriple": _triple,
    "Sizes | None": partial(_list, _whole),
    "Shares | None": partial(_list, _real),
    "Padding | None": _padding,
    "FactorTriple | None": _factors,
    "SizeTriple | None": _triple,
}


CHOICE = "Literal["


def choices_of(kind: str) -> tuple[str, ...]:
    """The texts that a field may be, where it is one of a few."""
    return tuple(ast.literal_eval(kind[len(CHOICE) - 1 :])) if kind.startswith(CHOICE) else ()


def reader(kind: str) -> Callable[[Item, Scope], FieldValue | str]:
    """The function that reads a field of a kind, which is the annotation in the op's class."""
    return KINDS.get(kind) or partial(_choice, choices_of(kind))


def _choice(choices: tuple[str, ...], item: Item, scope: Scope) -> str:
    if item.value not in choices:
        raise item.error(f"{item.kind}, expected {' or '.join(choices)}")
    return str(item.value)


@cache
def _plain(word: str) -> Op:
    # Half of a network's layers, activations and norms, say nothing but their word.
    return OPS[word]()


def make_op(word: str, given: Mapping[str, Item], scope: Scope) -> Op:
    """The op of a word with its fields read in a scope.

    Raises:
        SpecError: a field has a wrong value; the message names the place.
    """
    if not given:
        return _plain(word)
    fields = fields_of(word)
    values = {name: reader(fields[name].kind)(item, scope) for name, item in given.items() if name in fields}
    for name, value in values.items():
        if isinstance(value, tuple) and fields[name].kind not in LISTS:
            values[name] = (_in_time(given[name], name, value[0]), *value[1:])
    return OPS[word](**values)
